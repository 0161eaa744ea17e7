namespace LossService.Client;

/// <summary>All scored batches of a stream as one dataset.</summary>
/// <param name="Lines">The number of batches.</param>
/// <param name="Failed">How many of them were refused.</param>
/// <param name="Totals">The exact sums over the others.</param>
/// <param name="Loss">The mean over the dataset; null over nothing.</param>
/// <param name="Metrics">The metrics of the dataset; null unless every batch asked for the same.</param>
/// <param name="Sums">The sums of each class of an overlap loss; null unless every batch asked for them, per batch.</param>
public sealed record LossSummary(
    long Lines, long Failed, LossTotals Totals, double? Loss, LossMetrics? Metrics, IReadOnlyList<LossSums>? Sums = null);
