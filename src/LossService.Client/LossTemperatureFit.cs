namespace LossService.Client;

/// <summary>The temperature that makes the cross-entropy of a batch's logits least.</summary>
/// <param name="Temperature">What the logits are to be divided by; null where none is best.</param>
/// <param name="CrossEntropyBefore">The mean cross-entropy in nats, at the temperature of the batch.</param>
/// <param name="CrossEntropyAfter">The same at the fitted one.</param>
/// <param name="CalibrationErrorBefore">The expected calibration error, at the temperature of the batch.</param>
/// <param name="CalibrationErrorAfter">The same at the fitted one.</param>
public sealed record LossTemperatureFit(
    double? Temperature, double? CrossEntropyBefore, double? CrossEntropyAfter, double? CalibrationErrorBefore,
    double? CalibrationErrorAfter);
