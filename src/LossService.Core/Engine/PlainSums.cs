using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>
/// The sums over classes in plain double, in four lanes for any width of vectors, so that the bits are the same.
/// </summary>
internal unsafe struct PlainSums
{
    /// <summary>The sums of a loop, each in up to eight lanes, for <see cref="AddLanes"/>.</summary>
    public const int Value = 0, Error = 8, OfSize = 16, OfDerivative = 24, OfDerivativeSize = 32, Count = 40;

    /// <summary>The derivative on p of the class with the largest logit.</summary>
    public Vector256<double> Winner;

    /// <summary>What an error of plain double is multiplied by on its way to that.</summary>
    public Vector256<double> WinnerSize;

    /// <summary>The value.</summary>
    public Dd Total;

    /// <summary>As <see cref="PlainScore.Size"/>.</summary>
    public Vector256<double> Size;

    /// <summary>As <see cref="PlainScore.Derivative"/>.</summary>
    public Vector256<double> Derivative;

    /// <summary>As <see cref="PlainScore.DerivativeSize"/>.</summary>
    public Vector256<double> DerivativeSize;

    /// <summary>Adds the sums of a loop: of the vectors 0, 2, 4 ..., and then of the vectors 1, 3, 5 ...</summary>
    public void AddLanes(double* sums)
    {
        Add(sums, 0);
        Add(sums, Lanes.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Add(double* sums, int first)
    {
        Total += Dd.Sum(Vector256.Load(sums + Value + first), Vector256.Load(sums + Error + first));
        Size += Vector256.Load(sums + OfSize + first);
        Derivative += Vector256.Load(sums + OfDerivative + first);
        DerivativeSize += Vector256.Load(sums + OfDerivativeSize + first);
    }
}
