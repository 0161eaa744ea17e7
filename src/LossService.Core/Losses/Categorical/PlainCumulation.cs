using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Engine;
using LossService.Core.Numerics;

namespace LossService.Core.Losses.Categorical;

/// <summary>
/// The ranked probability score of a row with one true class y, in plain double: D_k = Σ_{c≤k} p_c for k &lt; y and −Σ_{c&gt;k} p_c for
/// k ≥ y, sums of positive numbers. Other rows are left to double-double, since their D_k are differences.
/// </summary>
/// <remarks>Each running sum carries the rounding errors of its additions, so that its error does not grow with the classes.</remarks>
internal static class PlainCumulation
{
    /// <summary>The classes after which a sum of plain doubles goes into a double-double.</summary>
    private const int Run = 16 * Lanes.Width;

    /// <summary>The value, and u_c = p_c·(v_c − v of the largest class) with v_c = 2·Σ_{k≥c} D_k.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static PlainScore Score(in CategoricalRow<PlainDouble> row, in PlainSoftmax softmax)
    {
        if (row.Hard < 0) return new(new Dd(double.NaN), 0, 0, 0);
        var p = softmax.Spread<PlainDouble>(row.HasExactTarget);
        var gaps = row.LogPDerivative.Hi;
        var slopes = row.PDerivative.Hi;
        for (var c = 0; c < row.P.Length; c += Lanes.Width) p.GetP(row.P[c]).StoreNearest(ref slopes[c]);
        Cumulate(slopes, gaps, row.Hard, row.Classes);
        var value = SumSquares(gaps);
        Differentiate(gaps, slopes, row.Size, softmax.Largest, row.Classes);
        var (sum, sizes) = (Vector256<double>.Zero, Vector256<double>.Zero);
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            var probability = p.GetP(row.P[c]).Round();
            var u = probability * Vector256.Create(slopes[c..]);
            var size = probability * Vector256.Create(row.Size[c..]);
            u.CopyTo(gaps[c..]);
            size.CopyTo(row.Size[c..]);
            sum += u;
            sizes += size;
        }
        return new(value, value.ToScalar(), Vector256.Sum(sum), Vector256.Sum(sizes));
    }

    /// <summary>D_k of each k, and 0 after the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Cumulate(ReadOnlySpan<double> p, Span<double> gaps, int y, int classes)
    {
        var sum = default(RunningSum);
        for (var k = 0; k < y; k++) gaps[k] = sum.Add(p[k]).Hi;
        gaps[(classes - 1)..].Clear();
        sum = default;
        for (var k = classes - 2; k >= y; k--) gaps[k] = -sum.Add(p[k + 1]).Hi;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Dd SumSquares(ReadOnlySpan<double> gaps)
    {
        var total = Dd.Zero;
        for (var start = 0; start < gaps.Length; start += Run)
        {
            var run = Vector256<double>.Zero;
            for (var k = start; k < int.Min(start + Run, gaps.Length); k += Lanes.Width)
            {
                var four = Vector256.Create(gaps[k..]);
                run += four * four;
            }
            total += run;
        }
        return Dd.SumOfLanes(total);
    }

    /// <summary>v_c less that of the largest class, and the sum of the magnitudes that it is made of; 0 for padding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Differentiate(ReadOnlySpan<double> gaps, Span<double> slopes, Span<double> sizes, int largest, int classes)
    {
        slopes.Clear();
        sizes.Clear();
        var (sum, size) = (default(RunningSum), 0.0);
        for (var c = largest - 1; c >= 0; c--)
        {
            slopes[c] = sum.Add(2 * gaps[c]).Hi;
            sizes[c] = size += 2 * Math.Abs(gaps[c]);
        }
        (sum, size) = (default, 0.0);
        for (var c = largest + 1; c < classes; c++)
        {
            slopes[c] = sum.Add(-2 * gaps[c - 1]).Hi;
            sizes[c] = size += 2 * Math.Abs(gaps[c - 1]);
        }
    }
}
