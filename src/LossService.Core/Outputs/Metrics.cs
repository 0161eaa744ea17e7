namespace LossService.Core.Outputs;

/// <summary>
/// How good a batch's predictions are, weighted by sample_weight, never by class_weight, over the kept samples; null where Σw = 0.
/// </summary>
/// <param name="Accuracy">The share of samples whose predicted class is the label's.</param>
/// <param name="TopKAccuracy">By k: the share whose label is among the k largest predictions; empty for a binary loss.</param>
/// <param name="Perplexity">exp of the mean cross-entropy, in nats, of the unsmoothed label.</param>
/// <param name="ExpectedCalibrationError">Σ_b share_b·|accuracy_b − confidence_b| over <paramref name="Bins"/>.</param>
/// <param name="MaximumCalibrationError">The largest |accuracy_b − confidence_b| of the bins with weight.</param>
/// <param name="RootMeanSquareCalibrationError">The root of Σ_b share_b·(accuracy_b − confidence_b)².</param>
/// <param name="Brier">The Brier score of the confidence, and its parts.</param>
/// <param name="Bins">The reliability diagram.</param>
/// <param name="Classes">How each class is predicted, where that is asked for.</param>
/// <param name="Totals">The sums that they are made of.</param>
public sealed record Metrics(
    double? Accuracy,
    IReadOnlyList<KeyValuePair<int, double?>> TopKAccuracy,
    double? Perplexity,
    double? ExpectedCalibrationError,
    double? MaximumCalibrationError,
    double? RootMeanSquareCalibrationError,
    BrierParts Brier,
    IReadOnlyList<CalibrationBin> Bins,
    ClassReport Classes,
    MetricTotals Totals)
{
    /// <summary>How well the probability of each class is calibrated; null where it is not asked for.</summary>
    public ClassWiseCalibration? ClassWise { get; init; }

    /// <summary>The confidences in bins of equal weight; null where they are not asked for, and of several batches.</summary>
    public ReliabilityDiagram? EqualMass { get; init; }

    /// <summary>The best temperature of the batch; null where it is not asked for, and of several batches.</summary>
    public TemperatureFit? TemperatureFit { get; init; }
}
