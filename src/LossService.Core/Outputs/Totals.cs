namespace LossService.Core.Outputs;

/// <summary>What a batch adds up to; the totals of two batches, added, are those of their union.</summary>
/// <param name="Samples">The number of kept samples: neither masked nor ignored.</param>
/// <param name="Weight">Σw over them.</param>
/// <param name="Loss">Σwℓ over them.</param>
public readonly record struct Totals(long Samples, double Weight, double Loss)
{
    /// <summary>Σwℓ/Σw; null where nothing was kept, or all of it weightless.</summary>
    public double? Mean => Samples == 0 || Weight == 0 ? null : Loss / Weight;
}
