using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Rows;

/// <summary>
/// The hot case by itself: softmax cross-entropy of one true class y on plain logits, in double instead of double-double.
/// </summary>
/// <remarks>
/// <para>With m = max z at k, e_c = exp(z_c − m) and s = Σ_{c≠k} e_c: loss = (m − z_y) + log1p(s), ∂/∂z_c = e_c/(1 + s), but
/// −(1 − p_y) at y, where 1 − p_k = s/(1 + s). No digits cancel: every part of a sum has the same sign, and the rounding error of
/// z_c − m is not lost to the exponential.</para>
/// <para>Three sweeps over the row: maximum; exponentials, stored, and their sum; scale. <see cref="Termwise{TTerm}"/> with
/// <see cref="Losses.CrossEntropy.Term"/> computes the same to the last bit or its neighbour, and is what the tests hold it against.</para>
/// </remarks>
internal static class SoftmaxKernel
{
    private const int Lanes = DdRow.Lanes;

    /// <summary>What is left of a row once its exponentials are taken.</summary>
    /// <param name="Gap">m − z_y.</param>
    /// <param name="GapLow">What that subtraction lost.</param>
    /// <param name="Rest">s.</param>
    /// <param name="Largest">k.</param>
    public readonly record struct Row(double Gap, double GapLow, double Rest, int Largest);

    /// <summary>Takes the exponentials of a row in place: z_c becomes e_c.</summary>
    /// <param name="z">The logits, padded with −∞ to a multiple of eight; none NaN, not all −∞.</param>
    /// <param name="y">The true class.</param>
    /// <param name="row">What the loss and the gradient need.</param>
    /// <returns>False where a logit is +∞.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryForward(Span<double> z, int y, out Row row)
    {
        row = default;
        ref var first = ref MemoryMarshal.GetReference(z);
        var length = (nuint)z.Length;
        var max = Maximum(ref first, length);
        if (double.IsPositiveInfinity(max)) return false;
        var k = IndexOf(ref first, max);
        var (gap, gapLow) = Difference(max, z[y]);

        // the largest is left out of the sum, which it would swallow
        z[k] = double.NegativeInfinity;
        var rest = Math.Abs(max) <= ShiftedExponential.LargestShift
            ? Exponentials(ref first, length, new(max))
            : ExponentialsOfLarge(ref first, length, max);
        z[k] = 1;
        row = new(gap, gapLow, rest, k);
        return true;
    }

    /// <summary>The losses of eight rows: gap + log1p(rest), and what their sum lost.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd Loss(Vector512<double> gap, Vector512<double> gapLow, Vector512<double> rest) =>
        Dd.Sum(gap, Numerics.Lanes.Log1p(rest)) + gapLow;

    /// <summary>scale·∂L/∂z in place of the exponentials that <see cref="TryForward"/> left in <paramref name="e"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gradient(Span<double> e, in Row row, int y, double scale)
    {
        ref var first = ref MemoryMarshal.GetReference(e);
        var part = scale / (1 + row.Rest);
        var missing = y == row.Largest ? row.Rest * part : scale * (1 - e[y] / (1 + row.Rest));
        var factor = Vector512.Create(part);
        for (nuint c = 0; c < (nuint)e.Length; c += Lanes)
            (Vector512.LoadUnsafe(ref first, c) * factor).StoreUnsafe(ref first, c);
        e[y] = -missing;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Exponentials(ref double first, nuint length, ShiftedExponential exponential)
    {
        var (sum0, sum1) = (Vector512<double>.Zero, Vector512<double>.Zero);
        nuint c = 0;
        for (; c + 2 * Lanes <= length; c += 2 * Lanes)
        {
            var e0 = exponential.Of(Vector512.LoadUnsafe(ref first, c));
            var e1 = exponential.Of(Vector512.LoadUnsafe(ref first, c + Lanes));
            e0.StoreUnsafe(ref first, c);
            e1.StoreUnsafe(ref first, c + Lanes);
            sum0 += e0;
            sum1 += e1;
        }
        if (c < length)
        {
            var e = exponential.Of(Vector512.LoadUnsafe(ref first, c));
            e.StoreUnsafe(ref first, c);
            sum0 += e;
        }
        return SumOfLanes(sum0 + sum1);
    }

    /// <summary>The same for a largest logit beyond the exact reduction: z − max, and its rounding error, are taken after all.</summary>
    private static double ExponentialsOfLarge(ref double first, nuint length, double max)
    {
        var sum = Vector512<double>.Zero;
        for (nuint c = 0; c < length; c += Lanes)
        {
            var d = Dd.Difference(Vector512.LoadUnsafe(ref first, c), Vector512.Create(max));
            var e = Numerics.Lanes.Exp(d.Hi, d.Lo);
            e.StoreUnsafe(ref first, c);
            sum += e;
        }
        return SumOfLanes(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Maximum(ref double first, nuint length)
    {
        var max = Vector512.Create(double.NegativeInfinity);
        for (nuint c = 0; c < length; c += Lanes)
        {
            var z = Vector512.LoadUnsafe(ref first, c);
            max = Vector512.ConditionalSelect(Vector512.GreaterThan(z, max), z, max);
        }
        var result = max[0];
        for (var lane = 1; lane < Lanes; lane++) result = max[lane] > result ? max[lane] : result;
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int IndexOf(ref double first, double value)
    {
        var wanted = Vector512.Create(value);
        for (nuint c = 0; ; c += Lanes)
        {
            var found = Vector512.Equals(Vector512.LoadUnsafe(ref first, c), wanted).ExtractMostSignificantBits();
            if (found != 0) return (int)c + System.Numerics.BitOperations.TrailingZeroCount(found);
        }
    }

    private static double SumOfLanes(Vector512<double> sum)
    {
        var quarter = sum.GetLower() + sum.GetUpper();
        var pair = quarter.GetLower() + quarter.GetUpper();
        return pair[0] + pair[1];
    }

    /// <summary>a − b and what the subtraction lost, for finite a; the loss of an infinite difference is 0.</summary>
    private static (double Value, double Low) Difference(double a, double b)
    {
        var d = a - b;
        if (!double.IsFinite(d)) return (d, 0);
        var v = d - a;
        return (d, (a - (d - v)) - (b + v));
    }
}
