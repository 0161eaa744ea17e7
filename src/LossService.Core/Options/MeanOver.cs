namespace LossService.Core.Options;

/// <summary>What a mean divides by.</summary>
public enum MeanOver
{
    /// <summary>Σw over the kept samples.</summary>
    Weight,

    /// <summary>The number of kept samples.</summary>
    Samples,
}
