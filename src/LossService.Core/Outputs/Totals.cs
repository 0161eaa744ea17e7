using LossService.Core.Options;

namespace LossService.Core.Outputs;

/// <summary>What a batch adds up to; the totals of two batches, added, are those of their union.</summary>
/// <param name="Samples">The number of kept samples: neither masked nor ignored.</param>
/// <param name="Weight">Σw over them.</param>
/// <param name="Loss">Σwℓ over them.</param>
public readonly record struct Totals(long Samples, double Weight, double Loss)
{
    /// <summary>Σwℓ divided by a number of the client's, or else by what a mean divides by; null where that is 0.</summary>
    public double? GetMean(MeanOver over, double? divisor) => divisor is { } number ? Loss / number : GetMean(over);

    /// <summary>Σwℓ/Σw, or Σwℓ divided by the number of samples; null where that divides by 0.</summary>
    public double? GetMean(MeanOver over) => (over == MeanOver.Weight ? Weight : Samples) is var divisor and not 0 ? Loss / divisor : null;
}
