namespace LossService.Core.Outputs;

/// <summary>The sums that metrics are made of; those of two batches, added, are those of their union.</summary>
/// <param name="Weight">Σw over the kept samples, w the sample weight.</param>
/// <param name="Correct">Σw over those whose predicted class is the label's.</param>
/// <param name="TopKCorrect">By k: Σw over those whose label is among the k largest predictions.</param>
/// <param name="CrossEntropy">Σw·(−Σ_c y_c log p_c) in nats, y the unsmoothed label.</param>
/// <param name="SquaredError">Σw·(confidence − outcome)², as the bins compare them.</param>
public sealed record MetricTotals(
    double Weight, double Correct, IReadOnlyList<KeyValuePair<int, double>> TopKCorrect, double CrossEntropy, double SquaredError);
