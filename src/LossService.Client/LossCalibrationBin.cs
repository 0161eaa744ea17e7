namespace LossService.Client;

/// <summary>A bin of the reliability diagram.</summary>
/// <param name="Lower">Its lower end.</param>
/// <param name="Upper">Its upper end.</param>
/// <param name="Samples">The number of samples in it.</param>
/// <param name="Weight">Their weight.</param>
/// <param name="Accuracy">The share of them that is predicted right; null where there are none.</param>
/// <param name="Confidence">Their mean probability; null where there are none.</param>
public sealed record LossCalibrationBin(
    double Lower, double Upper, long Samples, double Weight, double? Accuracy, double? Confidence);
