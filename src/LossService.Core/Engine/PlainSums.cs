using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>
/// The sums over the classes of a row in plain double, in four lanes for any width of vectors, so that the bits are the same.
/// </summary>
internal struct PlainSums
{
    /// <summary>The derivative on p of the class with the largest logit.</summary>
    public Vector256<double> Winner;

    /// <summary>What an error of plain double is multiplied by on its way to that.</summary>
    public Vector256<double> WinnerSize;

    /// <summary>The value of the classes but those of <see cref="Value"/>: a long sum of doubles would lose digits.</summary>
    public Dd Total;

    /// <summary>The value of the last classes.</summary>
    public Vector256<double> Value;

    /// <summary>As <see cref="PlainScore.Size"/>.</summary>
    public Vector256<double> Size;

    /// <summary>As <see cref="PlainScore.Derivative"/>.</summary>
    public Vector256<double> Derivative;

    /// <summary>As <see cref="PlainScore.DerivativeSize"/>.</summary>
    public Vector256<double> DerivativeSize;
}
