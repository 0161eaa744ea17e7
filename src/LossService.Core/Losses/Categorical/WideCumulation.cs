using System.Runtime.CompilerServices;
using LossService.Core.Engine;
using LossService.Core.Numerics;

namespace LossService.Core.Losses.Categorical;

/// <summary>The same as <see cref="PlainCumulation"/> in sums of two doubles.</summary>
internal static class WideCumulation
{
    /// <summary>The value, and u_c = p_c·(v_c − v of the largest class) with v_c = 2·Σ_{k≥c} D_k.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static WideScore Score(in CategoricalRow<Dd> row, in WideSoftmax softmax)
    {
        if (row.Hard < 0) return new(new Dd(double.NaN), 0, Dd.Zero, Dd.Zero, 0);
        softmax.WriteP(row, row.PDerivative);
        Cumulate(row.PDerivative, row.LogPDerivative, row.Hard, row.Classes);
        var value = default(WideSum);
        for (var k = 0; k < row.P.Length; k += Lanes.Width)
            value.Add(k, WideDouble.Square(row.LogPDerivative.Load<WideDouble>(k)));
        Differentiate(row.LogPDerivative, row.PDerivative, row.Size, softmax.Largest, row.Classes);
        var (total, largest) = (value.Total, softmax.Largest);
        var (sum, sizes) = (default(WideSum), default(SizeSum));
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            var p = row.P.Load<WideDouble>(c) * softmax.GetInverse<WideDouble>();
            var u = p * row.PDerivative.Load<WideDouble>(c);
            var size = p * WideDouble.Load(ref row.Size[c]);
            row.LogPDerivative.Store(c, u);
            size.StoreHigh(ref row.Size[c]);
            sum.Add(c, u);
            sizes.Add(c, size);
        }
        // that of the largest class is 0
        return new(total, total.ToScalar(), row.LogPDerivative.Broadcast(largest), sum.Total, sizes.Total);
    }

    /// <summary>D_k of each k, and 0 after the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Cumulate(NumberRow<Dd> p, NumberRow<Dd> gaps, int y, int classes)
    {
        gaps.Clear();
        var sum = default(RunningSum);
        for (var k = 0; k < y; k++) (gaps.Hi[k], gaps.Lo[k]) = sum.Add(p.Hi[k], p.Lo[k]);
        sum = default;
        for (var k = classes - 2; k >= y; k--) (gaps.Hi[k], gaps.Lo[k]) = sum.Add(-p.Hi[k + 1], -p.Lo[k + 1]);
    }

    /// <summary>v_c less that of the largest class, and the sum of the magnitudes that it is made of; 0 for padding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Differentiate(NumberRow<Dd> gaps, NumberRow<Dd> slopes, Span<double> sizes, int largest, int classes)
    {
        slopes.Clear();
        sizes.Clear();
        var (sum, size) = (default(RunningSum), 0.0);
        for (var c = largest - 1; c >= 0; c--)
        {
            (slopes.Hi[c], slopes.Lo[c]) = sum.Add(2 * gaps.Hi[c], 2 * gaps.Lo[c]);
            sizes[c] = size += 2 * Math.Abs(gaps.Hi[c]);
        }
        (sum, size) = (default, 0.0);
        for (var c = largest + 1; c < classes; c++)
        {
            (slopes.Hi[c], slopes.Lo[c]) = sum.Add(-2 * gaps.Hi[c - 1], -2 * gaps.Lo[c - 1]);
            sizes[c] = size += 2 * Math.Abs(gaps.Hi[c - 1]);
        }
    }
}
