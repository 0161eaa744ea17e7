namespace LossService.Client;

/// <summary>Which classes label smoothing spreads over.</summary>
public enum LossSmoothingOver
{
    /// <summary>All of them.</summary>
    Classes,

    /// <summary>Those whose log-probability is above −∞.</summary>
    Finite,
}
