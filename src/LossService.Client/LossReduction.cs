namespace LossService.Client;

/// <summary>How the losses of the samples become one.</summary>
public enum LossReduction
{
    /// <summary>Σwℓ divided by what <c>mean_over</c> says.</summary>
    Mean,

    /// <summary>Σwℓ.</summary>
    Sum,

    /// <summary>They do not: there is no loss, and the gradient is that of the sum.</summary>
    None,
}
