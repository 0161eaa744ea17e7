namespace LossService.Client;

/// <summary>What a batch adds to a dataset: totals of several batches add up to those of their union.</summary>
/// <param name="Samples">The number of samples that are neither masked nor ignored.</param>
/// <param name="Weight">Σw over them.</param>
/// <param name="Loss">Σwℓ over them.</param>
public sealed record LossTotals(long Samples, double Weight, double Loss);
