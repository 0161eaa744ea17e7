namespace LossService.Core.Engine;

/// <summary>What is to be computed of a row.</summary>
[Flags]
internal enum RowWork
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The loss.</summary>
    Loss = 1,

    /// <summary>The gradient.</summary>
    Gradient = 2,

    /// <summary>The diagonal of the Hessian.</summary>
    Hessian = 4,

    /// <summary>What depends on the predictions alone.</summary>
    Description = 8,

    /// <summary>What the row adds to the metrics.</summary>
    Metrics = 16,
}
