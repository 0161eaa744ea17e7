namespace LossService.Client;

/// <summary>How good the predictions of a batch are, weighted by the sample weights; null where those add up to 0.</summary>
/// <param name="Accuracy">The share of samples whose predicted class is the label's.</param>
/// <param name="TopKAccuracy">By k: the share whose label is among the k largest predictions.</param>
/// <param name="Perplexity">exp of the mean cross-entropy in nats.</param>
/// <param name="ExpectedCalibrationError">The mean distance of accuracy and confidence over the bins.</param>
/// <param name="Bins">The reliability diagram.</param>
public sealed record LossMetrics(
    double? Accuracy, IReadOnlyDictionary<long, double?> TopKAccuracy, double? Perplexity, double? ExpectedCalibrationError,
    IReadOnlyList<LossCalibrationBin> Bins);
