namespace LossService.Core.Losses;

/// <summary>What a sample is.</summary>
public enum LossKind
{
    /// <summary>A row of classes, the last axis, of which one is true.</summary>
    Categorical,

    /// <summary>One element, true or false by itself.</summary>
    Binary,
}
