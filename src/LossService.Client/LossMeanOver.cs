namespace LossService.Client;

/// <summary>What a mean divides by.</summary>
public enum LossMeanOver
{
    /// <summary>Σw.</summary>
    Weight,

    /// <summary>The number of samples that are neither masked nor ignored.</summary>
    Samples,
}
