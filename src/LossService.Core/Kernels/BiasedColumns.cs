using System.Runtime.Intrinsics;

namespace LossService.Core.Kernels;

/// <summary>A <see cref="BiasedRow"/> in each lane.</summary>
internal readonly struct BiasedColumns
{
    /// <inheritdoc cref="BiasedRow.Rest"/>
    public Vector256<double> Rest { get; init; }

    /// <inheritdoc cref="BiasedRow.Max"/>
    public Vector256<double> Max { get; init; }

    /// <inheritdoc cref="BiasedRow.MaxError"/>
    public Vector256<double> MaxError { get; init; }

    /// <inheritdoc cref="BiasedRow.Label"/>
    public Vector256<double> Label { get; init; }

    /// <inheritdoc cref="BiasedRow.LabelError"/>
    public Vector256<double> LabelError { get; init; }
}
