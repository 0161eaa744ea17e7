namespace LossService.Core.Losses;

/// <summary>What one sample of a loss is.</summary>
public enum LossKind
{
    /// <summary>A row of K classes, on the last axis or on <c>class_axis</c>, of which one is true.</summary>
    Categorical,

    /// <summary>One element, true or false independently of the others.</summary>
    Binary,
}
