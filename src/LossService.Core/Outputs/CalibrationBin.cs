namespace LossService.Core.Outputs;

/// <summary>One bin of the reliability diagram: the samples whose confidence lies in [Lower, Upper), the last in [Lower, 1].</summary>
/// <param name="Lower">The least confidence.</param>
/// <param name="Upper">The end of the bin.</param>
/// <param name="Samples">The number of samples in it.</param>
/// <param name="Weight">Their weight.</param>
/// <param name="Accuracy">The share predicted correctly, or with <c>calibration: positive</c> the mean label; null where Σw = 0.</param>
/// <param name="Confidence">Their mean confidence; null where Σw = 0.</param>
public sealed record CalibrationBin(double Lower, double Upper, long Samples, double Weight, double? Accuracy, double? Confidence);
