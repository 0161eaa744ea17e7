namespace LossService.Client;

/// <summary>Bins by confidence, those with samples, and how far confidences are from their outcomes over them.</summary>
/// <param name="CalibrationError">The mean distance of accuracy and confidence over the bins; null where the weights add up to 0.</param>
/// <param name="Bins">The bins, in the order of their confidences.</param>
public sealed record LossReliabilityDiagram(double? CalibrationError, IReadOnlyList<LossCalibrationBin> Bins);
