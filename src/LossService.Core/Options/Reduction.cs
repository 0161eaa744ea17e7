namespace LossService.Core.Options;

/// <summary>How the samples' losses become one.</summary>
public enum Reduction
{
    /// <summary>Σwℓ/Σw, or Σwℓ/n; see <see cref="MeanOver"/>.</summary>
    Mean,

    /// <summary>Σwℓ.</summary>
    Sum,

    /// <summary>No scalar loss; the gradient is that of the sum.</summary>
    None,
}
