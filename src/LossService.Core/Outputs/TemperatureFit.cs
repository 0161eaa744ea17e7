namespace LossService.Core.Outputs;

/// <summary>
/// The temperature that makes the cross-entropy of a batch's logits least, and what it changes. Unlike others it is not made of sums,
/// so it does not merge.
/// </summary>
/// <param name="Temperature">
/// What the logits as posted are to be divided by; null where no temperature from 1e-6 to 1e6 is best, as where every prediction is right.
/// </param>
/// <param name="CrossEntropyBefore">The mean cross-entropy in nats, at the temperature of the request.</param>
/// <param name="CrossEntropyAfter">The same at the fitted one.</param>
/// <param name="CalibrationErrorBefore">The expected calibration error, at the temperature of the request.</param>
/// <param name="CalibrationErrorAfter">The same at the fitted one.</param>
public sealed record TemperatureFit(
    double? Temperature, double? CrossEntropyBefore, double? CrossEntropyAfter, double? CalibrationErrorBefore,
    double? CalibrationErrorAfter);
