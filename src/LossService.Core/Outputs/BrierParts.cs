namespace LossService.Core.Outputs;

/// <summary>
/// The Brier score of the confidence as a forecast of its outcome, and A. H. Murphy's parts of it over the bins: score = reliability −
/// resolution + uncertainty, but for what varies within a bin. Null where Σw = 0.
/// </summary>
/// <param name="Score">The mean of (confidence − outcome)².</param>
/// <param name="Reliability">Σ_b share_b·(confidence_b − accuracy_b)²; 0 = calibrated.</param>
/// <param name="Resolution">Σ_b share_b·(accuracy_b − accuracy)²; larger is better.</param>
/// <param name="Uncertainty">accuracy·(1 − accuracy), whatever is predicted.</param>
public sealed record BrierParts(double? Score, double? Reliability, double? Resolution, double? Uncertainty);
