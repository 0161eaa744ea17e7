using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>
/// The softmax of logits, and gradients that combine it with constants, in double instead of double-double.
/// </summary>
/// <remarks>
/// With m = max z, e_c = exp((z_c − m)/T) and s = Σ e_c − 1: p_c = e_c/(1 + s), −log p_c = (m − z_c)/T + log1p(s), and 1 − p_c = s/(1 + s)
/// where z_c = m. No digits cancel: the maximum's term 1 is left out of the sum rather than subtracted from it, all terms of a sum have
/// the same sign, and z_c − m is not rounded before the exponential. The formulas compute the same in double-double; the tests compare
/// the two.
/// </remarks>
/// <typeparam name="TElement">How the logits are stored: float32 or float64.</typeparam>
internal static unsafe partial class SoftmaxKernel<TElement> where TElement : unmanaged, IStoredFloat<TElement>
{
    private const int Width = Lanes.Width;

    /// <summary>Up to this length the careful sum costs less than testing whether it is needed.</summary>
    private const int MaxShortRow = 64;

    /// <summary>The additions after which a sum goes into another: a long sum would lose digits.</summary>
    private const int Run = 32;

    /// <summary>
    /// Where |difference| is below this part of what was subtracted, a float32 may lack digits: an error of 2⁻⁴⁹ of that is then up to
    /// 2⁻²⁷ of the difference.
    /// </summary>
    public const double LeastPart = 1.0 / (1 << 22);

    /// <summary>Stores e_c of a row, padded to a multiple of four, and returns s.</summary>
    /// <param name="z">The logits, none NaN or +∞, not all −∞.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="min">The minimum.</param>
    /// <param name="max">The maximum m.</param>
    /// <param name="scale">The temperature.</param>
    /// <param name="e">Receives the exponentials.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double StoreExponentials(TElement* z, int classes, double min, double max, in ExponentialScale scale, double* e)
    {
        if (Math.Abs(max) > ShiftedExponential.MaxShift * scale.Temperature) return StoreExponentialsOfLarge(z, classes, max, scale, e);
        var isNear = max - min <= ShiftedExponential.NormalSpan * scale.Temperature;
        return scale.Temperature == 1
            ? Store(z, classes, isNear, new ShiftedExponential(max), e)
            : Store(z, classes, isNear, new TemperedExponential(max, scale), e);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static double Store<TExponential>(TElement* z, int classes, bool isNear, TExponential exponential, double* e)
        where TExponential : struct, IShiftedExponential
    {
        var sum = new ExponentialSum();
        var end = classes & -Width;
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
            var total = Lanes.HasMost ? StoreNear(z, end, exponential.Eight, e) : StoreNear(z, end, exponential, e);
            // where the other terms sum to at least 1, leaving in the maximum's 1 costs the sum at most one bit
            if (Vector256.Sum(total) >= 2) sum.AddWithLargest(total);
            else for (var c = 0; c < end; c += Width) sum.Add(Vector256.Load(e + c));
        }
        else
        {
            for (var c = 0; c < end; c += Width) sum.Add(StoreBlock(TElement.Load(z + c), exponential, e + c));
        }
        if (end < classes) sum.Add(StoreBlock(Load(z + end, classes - end), exponential, e + end));
        return sum.WithoutLargest();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> StoreBlock<TExponential>(Vector256<double> z, in TExponential exponential, double* e)
        where TExponential : struct, IShiftedExponential
    {
        var result = exponential.Exp(z);
        result.Store(e);
        return result;
    }

    /// <summary>Stores e_c of logits at most <see cref="ShiftedExponential.NormalSpan"/>·T below m, and returns their sums by
    /// lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> StoreNear<TExponential>(TElement* z, int end, in TExponential exponential, double* e)
        where TExponential : struct, IShiftedExponential
    {
        var total = Vector256<double>.Zero;
        for (var start = 0; start < end; start += 2 * Run * Width)
        {
            var stop = Math.Min(start + 2 * Run * Width, end);
            var (sum, next) = (Vector256<double>.Zero, Vector256<double>.Zero);
            for (var c = start; c < stop; c += Width)
            {
                var block = exponential.ExpNear(TElement.Load(z + c));
                block.Store(e + c);
                (sum, next) = (next, sum + block);
            }
            total += sum + next;
        }
        return total;
    }

    /// <summary>
    /// The same for |m|/T above <see cref="ShiftedExponential.MaxShift"/>: from the rounded (z − m)/T and its rounding error.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double StoreExponentialsOfLarge(TElement* z, int classes, double max, in ExponentialScale scale, double* e)
    {
        var sum = new ExponentialSum();
        for (var c = 0; c < classes; c += Width)
        {
            var d = Dd.Difference(Load(z + c, classes - c), Vector256.Create(max));
            if (scale.Temperature != 1) d /= Vector256.Create(scale.Temperature);
            var result = VectorMath.Exp(d.Hi, d.Lo);
            result.Store(e + c);
            sum.Add(result);
        }
        return sum.WithoutLargest();
    }

    /// <summary>
    /// Σ b_c·(m − z_c) and Σ b_c of a row, in sums of <see cref="Run"/> vectors at most, the even ones and the odd ones by themselves; the
    /// sums of those are double-doubles.
    /// </summary>
    /// <param name="z">The logits.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="max">The maximum m.</param>
    /// <param name="spread">The b_c, padded with zeros; null = all are 1.</param>
    /// <returns>The sums; the first is NaN where a b_c is 0 and its z_c is −∞.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static (double Gaps, double Share) SumGaps<TSpread>(TElement* z, int classes, double max, TSpread* spread)
        where TSpread : unmanaged, IStoredFloat<TSpread>
    {
        var m = Vector256.Create(max);
        var (gaps, share) = (Dd.Zero, Dd.Zero);
        var end = classes & -Width;
        for (var start = 0; start < end; start += Run * Width)
        {
            var stop = Math.Min(start + Run * Width, end);
            var (run, next) = (Vector256<double>.Zero, Vector256<double>.Zero);
            var (runShare, nextShare) = (Vector256<double>.Zero, Vector256<double>.Zero);
            var c = start;
            if (Lanes.HasMost) SumEights(z, spread, stop, max, ref c, ref run, ref next, ref runShare, ref nextShare);
            for (; c < stop; c += Width)
            {
                var gap = m - TElement.Load(z + c);
                if (spread == null)
                {
                    (run, next) = (next, run + gap);
                }
                else
                {
                    var b = TSpread.Load(spread + c);
                    (run, next) = (next, Vector256.FusedMultiplyAdd(gap, b, run));
                    (runShare, nextShare) = (nextShare, runShare + b);
                }
            }
            gaps += run + next;
            share += runShare + nextShare;
        }
        var (sum, sumOfShare) = (Dd.SumOfLanes(gaps), Dd.SumOfLanes(share));
        for (var c = end; c < classes; c++)
        {
            var b = Vector256.Create(spread == null ? 1 : TSpread.ToDouble(spread[c]));
            sum += Dd.Difference(m, Vector256.Create(TElement.ToDouble(z[c]))) * b;
            sumOfShare += b;
        }
        return (sum.ToScalar(), spread == null ? classes : sumOfShare.ToScalar());
    }

    /// <summary>Writes scale·∂loss/∂z of a row from the exponentials.</summary>
    /// <param name="e">The exponentials e_c.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="part">The factor of e_c.</param>
    /// <param name="gradient">Receives the derivatives e_c·part.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteGradient(double* e, int classes, double part, TElement* gradient)
    {
        var factor = Vector256.Create(part);
        var c = Lanes.HasMost ? WriteEights(e, classes, part, gradient) : 0;
        for (; c <= classes - Width; c += Width) TElement.Store(Vector256.Load(e + c) * factor, gradient + c);
        for (; c < classes; c++) gradient[c] = TElement.FromDouble(e[c] * part);
    }

    /// <summary>Writes the same with a part to subtract: e_c·part − b_c·shift.</summary>
    /// <param name="e">The exponentials e_c.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="part">The factor of e_c.</param>
    /// <param name="shift">The factor of b_c.</param>
    /// <param name="spread">The b_c; null = all are 1.</param>
    /// <param name="gradient">Receives the derivatives.</param>
    /// <returns>Whether each has the digits of a float32: none is much smaller than its two parts.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static bool WriteGradient<TSpread>(double* e, int classes, double part, double shift, TSpread* spread, TElement* gradient)
        where TSpread : unmanaged, IStoredFloat<TSpread>
    {
        var (factor, constant) = (Vector256.Create(part), Vector256.Create(shift));
        var least = Vector256.Create(Math.Abs(shift) * LeastPart);
        var (lost, c) = (Vector256<double>.Zero, 0);
        if (Lanes.HasMost) c = WriteEights(e, classes, part, shift, spread, gradient, ref lost);
        if (spread == null)
        {
            for (; c <= classes - Width; c += Width)
            {
                var g = Vector256.FusedMultiplyAdd(Vector256.Load(e + c), factor, -constant);
                lost |= Vector256.LessThan(Vector256.Abs(g), least);
                TElement.Store(g, gradient + c);
            }
        }
        else
        {
            for (; c <= classes - Width; c += Width)
            {
                var b = TSpread.Load(spread + c);
                var g = Vector256.FusedMultiplyAdd(Vector256.Load(e + c), factor, -constant * b);
                lost |= Vector256.LessThan(Vector256.Abs(g), least * b);
                TElement.Store(g, gradient + c);
            }
        }
        var hasDigits = !Vector256.LessThanAny(lost.AsInt64(), Vector256<long>.Zero);
        for (; c < classes; c++)
        {
            var b = spread == null ? 1 : TSpread.ToDouble(spread[c]);
            var g = Math.FusedMultiplyAdd(e[c], part, -shift * b);
            hasDigits &= !(Math.Abs(g) < Math.Abs(shift) * LeastPart * b);
            gradient[c] = TElement.FromDouble(g);
        }
        return hasDigits;
    }

    /// <summary>The next four logits, −∞ after the row's end; reads nothing after it, where the memory may end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Load(TElement* z, int count)
    {
        if (count >= Width) return TElement.Load(z);
        var lanes = stackalloc double[Width];
        Vector256.Create(double.NegativeInfinity).Store(lanes);
        for (var c = 0; c < count; c++) lanes[c] = TElement.ToDouble(z[c]);
        return Vector256.Load(lanes);
    }
}
