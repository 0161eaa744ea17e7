using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>Label smoothing of rows of classes.</summary>
/// <param name="smoothing">α.</param>
/// <param name="classes">The number of classes, K.</param>
internal readonly struct Smoothing(double smoothing, int classes)
{
    /// <summary>Whether rows stay as they are.</summary>
    public bool IsNone => smoothing == 0;

    /// <summary>t = y(1 − α) + α/K for the classes, 0 for the padding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply<TNumber>(NumberRow<TNumber> y, NumberRow<TNumber> target) where TNumber : struct, IArithmetic<TNumber>
    {
        y.Hi.CopyTo(target.Hi);
        if (TNumber.HasRest) y.Lo.CopyTo(target.Lo);
        if (smoothing == 0) return;
        var (keep, spread) = (Dd.One - new Dd(smoothing), new Dd(smoothing) / new Dd(classes));
        var (factor, addend) = (TNumber.Of(keep.Hi, keep.Lo), TNumber.Of(spread.Hi, spread.Lo));
        for (var c = 0; c < target.Length; c += Lanes.Width) target.Store(c, target[c] * factor + addend);
        target.Hi[classes..].Clear();
        target.Lo[classes..].Clear();
    }

    /// <summary>(Σt − 1)(1 − α) of a dense row: the error of its rounding, after smoothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public Dd GetSurplus(NumberRow<Dd> y)
    {
        // the labels add up to about 1, so a double holds the sum of what rounding takes from their sum
        var (sum, rest) = (Vector256<double>.Zero, Vector256<double>.Zero);
        for (var c = 0; c < y.Length; c += Lanes.Width)
        {
            var (label, low) = (y[c].Hi, y[c].Lo);
            var next = sum + label;
            var rounded = next - sum;
            rest += (sum - (next - rounded)) + (label - rounded) + low;
            sum = next;
        }
        return (Dd.SumOfLanes(Dd.Sum(sum, rest)) - Dd.One) * (Dd.One - new Dd(smoothing));
    }
}
