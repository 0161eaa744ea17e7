using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>
/// Softmax cross-entropy of logits with one true class y for each row, in double instead of double-double.
/// </summary>
/// <remarks>
/// With m = max z, e_c = exp(z_c − m) and s = Σ e_c − 1: loss = (m − z_y) + log1p(s), ∂/∂z_c = e_c/(1 + s), but −(1 − p_y) at y, where
/// 1 − p_y = s/(1 + s) if z_y = m. No digits cancel: the maximum's term 1 is left out of the sum rather than subtracted from it, all
/// terms of a sum have the same sign, and z_c − m is not rounded before the exponential. The formula of <c>cross_entropy</c> computes
/// the same in double-double; the tests compare the two.
/// </remarks>
/// <typeparam name="TElement">How the logits are stored: float32 or float64.</typeparam>
internal static unsafe class SoftmaxKernel<TElement> where TElement : unmanaged, IStoredFloat<TElement>
{
    private const int Width = DdRow.Width;

    /// <summary>Up to this length the careful sum costs less than testing whether it is needed.</summary>
    private const int MaxShortRow = 64;

    /// <summary>Stores e_c of a row, padded to a multiple of eight, and returns s.</summary>
    /// <param name="z">The logits, none NaN or +∞, not all −∞.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="min">The minimum.</param>
    /// <param name="max">The maximum m.</param>
    /// <param name="e">Receives the exponentials.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double StoreExponentials(TElement* z, int classes, double min, double max, double* e)
    {
        if (Math.Abs(max) > ShiftedExponential.MaxShift) return StoreExponentialsOfLarge(z, classes, max, e);
        var exponential = new ShiftedExponential(max);
        var sum = new Sum();
        var end = classes & -Width;
        var isNear = max - min <= ShiftedExponential.NormalSpan;
        if (isNear && classes <= MaxShortRow)
        {
            for (var c = 0; c < end; c += Width)
            {
                var block = exponential.ExpNear(TElement.Load(z + c));
                block.Store(e + c);
                sum.Add(block);
            }
        }
        else if (isNear)
        {
            var total = StoreNear(z, end, exponential, e);
            // where the other terms sum to at least 1, leaving in the maximum's 1 costs the sum at most one bit
            if (Vector512.Sum(total) >= 2) sum.AddWithLargest(total);
            else for (var c = 0; c < end; c += Width) sum.Add(Vector512.Load(e + c));
        }
        else
        {
            for (var c = 0; c < end; c += Width) sum.Add(StoreBlock(TElement.Load(z + c), exponential, e + c));
        }
        if (end < classes) sum.Add(StoreBlock(Load(z + end, classes - end), exponential, e + end));
        return sum.WithoutLargest();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> StoreBlock(Vector512<double> z, in ShiftedExponential exponential, double* e)
    {
        var result = exponential.Exp(z);
        result.Store(e);
        return result;
    }

    /// <summary>Stores e_c of logits at most <see cref="ShiftedExponential.NormalSpan"/> below m, and returns their sums by lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> StoreNear(TElement* z, int end, in ShiftedExponential exponential, double* e)
    {
        var (sum0, sum1) = (Vector512<double>.Zero, Vector512<double>.Zero);
        for (var c = 0; c < end; c += 2 * Width)
        {
            var e0 = exponential.ExpNear(TElement.Load(z + c));
            e0.Store(e + c);
            sum0 += e0;
            if (c + Width == end) break;
            var e1 = exponential.ExpNear(TElement.Load(z + c + Width));
            e1.Store(e + c + Width);
            sum1 += e1;
        }
        return sum0 + sum1;
    }

    /// <summary>
    /// The same for |m| above <see cref="ShiftedExponential.MaxShift"/>: from the rounded z − m and its rounding error.
    /// </summary>
    private static double StoreExponentialsOfLarge(TElement* z, int classes, double max, double* e)
    {
        var sum = new Sum();
        for (var c = 0; c < classes; c += Width)
        {
            var d = Dd.Difference(Load(z + c, classes - c), Vector512.Create(max));
            var result = VectorMath.Exp(d.Hi, d.Lo);
            result.Store(e + c);
            sum.Add(result);
        }
        return sum.WithoutLargest();
    }

    /// <summary>Writes scale·∂loss/∂z of a row from the exponentials.</summary>
    /// <param name="e">The exponentials e_c.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="y">The true class.</param>
    /// <param name="part">scale/(1 + s).</param>
    /// <param name="missing">scale·(1 − p_y).</param>
    /// <param name="gradient">Receives the derivatives.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteGradient(double* e, int classes, int y, double part, double missing, TElement* gradient)
    {
        var factor = Vector512.Create(part);
        var c = 0;
        for (; c <= classes - Width; c += Width) TElement.Store(Vector512.Load(e + c) * factor, gradient + c);
        for (; c < classes; c++) gradient[c] = TElement.FromDouble(e[c] * part);
        gradient[y] = TElement.FromDouble(-missing);
    }

    /// <summary>The next eight logits, −∞ after the row's end; reads nothing after it, where the memory may end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Load(TElement* z, int count)
    {
        if (count >= Width) return TElement.Load(z);
        var lanes = stackalloc double[Width];
        Vector512.Create(double.NegativeInfinity).Store(lanes);
        for (var c = 0; c < count; c++) lanes[c] = TElement.ToDouble(z[c]);
        return Vector512.Load(lanes);
    }

    /// <summary>Σ e_c, with the terms that are 1 summed separately, next to which small terms would lose their digits.</summary>
    private struct Sum
    {
        private Vector512<double> _below, _ones;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(Vector512<double> e)
        {
            var isBelow = Vector512.LessThan(e, Vector512<double>.One);
            _below = Vector512.ConditionalSelect(isBelow, _below + e, _below);
            _ones = Vector512.ConditionalSelect(isBelow, _ones, _ones + e);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void AddWithLargest(Vector512<double> sum) => _ones += sum;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly double WithoutLargest() => SumLanes(_below) + (SumLanes(_ones) - 1);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static double SumLanes(Vector512<double> sum)
        {
            var four = sum.GetLower() + sum.GetUpper();
            var two = four.GetLower() + four.GetUpper();
            return two[0] + two[1];
        }
    }
}
