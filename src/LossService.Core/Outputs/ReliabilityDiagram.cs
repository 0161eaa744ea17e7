namespace LossService.Core.Outputs;

/// <summary>Bins by confidence, and how far confidences are from their outcomes over them. Bins without samples are left out.</summary>
/// <param name="CalibrationError">Σ_b share_b·|accuracy_b − confidence_b|; null where Σw = 0.</param>
/// <param name="Bins">The bins with samples, in the order of their confidences.</param>
public sealed record ReliabilityDiagram(double? CalibrationError, IReadOnlyList<CalibrationBin> Bins);
