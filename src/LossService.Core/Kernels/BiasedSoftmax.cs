using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>
/// The exponentials of logits with a bias: of s = z/T + b less its maximum, in the place of (z − max z)/T of
/// <see cref="SoftmaxKernel{TElement}"/>.
/// </summary>
/// <remarks>
/// No s is rounded before the exponential: the first of two steps stores each s and what rounding takes from it, the second replaces s by
/// s − max s, rounded once, and the rest by the exponential. A row's classes are adjacent, or four rows side by side, with a lane for each.
/// </remarks>
/// <param name="temperature">T.</param>
/// <param name="bias">b, padded with zeros.</param>
internal sealed unsafe class BiasedSoftmax(double temperature, double[] bias)
{
    private const int Width = Lanes.Width;

    /// <summary>The additions after which a sum goes into another: a long sum would lose digits.</summary>
    private const int Run = 32;

    /// <summary>The largest |max s| for which 106 bits of s are enough.</summary>
    private const double MaxSize = 1L << 40;

    private readonly LogitScore _score = new(temperature);

    /// <summary>First step for a row.</summary>
    /// <param name="z">The logits, none NaN.</param>
    /// <param name="classes">K.</param>
    /// <param name="scores">Receives s, padded with −∞; may be where the logits are.</param>
    /// <param name="errors">Receives what each s lacks, padded.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public BiasedRange Find<TElement>(TElement* z, int classes, double* scores, double* errors)
        where TElement : unmanaged, IStoredFloat<TElement>
    {
        var range = new BiasedRange(double.PositiveInfinity, double.NegativeInfinity, 0);
        var done = Lanes.HasMost ? Find<TElement, PlainEight>(z, classes, 0, scores, errors, ref range) : 0;
        done = Find<TElement, PlainDouble>(z, classes, done, scores, errors, ref range);
        if (done < classes)
        {
            // in the loop, the call of this load would cost more than all else
            var rest = SoftmaxKernel<TElement>.Load(z + done, classes - done);
            _score.Of(PlainDouble.Of(rest), PlainDouble.Load(ref bias[done]), out var error).StoreNearest(ref scores[done]);
            error.StoreNearest(ref errors[done]);
            for (var c = done; c < classes; c++) range = range.With(scores[c], scores[c], errors[c]);
        }
        return range;
    }

    /// <summary>Does the classes from <paramref name="start"/> on, as far as there are whole vectors.</summary>
    /// <returns>The first that is left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private int Find<TElement, TNumber>(TElement* z, int classes, int start, double* scores, double* errors, ref BiasedRange range)
        where TElement : unmanaged, IStoredFloat<TElement>
        where TNumber : struct, IPlainNumbers<TNumber>
    {
        var score = _score;
        ref var first = ref bias[0];
        var least = TNumber.Of(double.PositiveInfinity);
        var (max, maxError) = (TNumber.Of(double.NegativeInfinity), TNumber.Zero);
        var c = start;
        for (; c <= classes - TNumber.Count; c += TNumber.Count)
        {
            var s = score.Of(TNumber.Load(z + c), TNumber.Load(ref Unsafe.Add(ref first, c)), out var error);
            s.StoreNearest(ref scores[c]);
            error.StoreNearest(ref errors[c]);
            Raise(s, error, ref max, ref maxError);
            least = TNumber.Min(least, s);
        }
        var lanes = stackalloc double[3 * TNumber.Count];
        least.StoreNearest(ref lanes[0]);
        max.StoreNearest(ref lanes[TNumber.Count]);
        maxError.StoreNearest(ref lanes[2 * TNumber.Count]);
        for (var i = 0; i < TNumber.Count; i++) range = range.With(lanes[i], lanes[i + TNumber.Count], lanes[i + 2 * TNumber.Count]);
        return c;
    }

    /// <summary>Second step for a row.</summary>
    /// <param name="scores">s; receives s − max s.</param>
    /// <param name="errors">What each s lacks; receives the exponentials.</param>
    /// <param name="classes">K.</param>
    /// <param name="range">The maximum.</param>
    /// <returns>Σ e − 1; NaN where the maximum is infinite or too large, and nothing is stored.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double StoreExponentials(double* scores, double* errors, int classes, in BiasedRange range)
    {
        if (!(Math.Abs(range.Max) <= MaxSize)) return double.NaN;
        var padded = Lanes.Padded(classes);
        var (total, run) = (Vector256<double>.Zero, Vector256<double>.Zero);
        var done = Lanes.HasMost ? Store<PlainEight>(scores, errors, 0, padded, range, ref total, ref run) : 0;
        Store<PlainDouble>(scores, errors, done, padded, range, ref total, ref run);
        total += run;
        var sum = new ExponentialSum();
        // where the other terms sum to at least 1, leaving in the maximum's 1 costs the sum at most one bit
        if (Vector256.Sum(total) >= 2) sum.AddWithLargest(total);
        else for (var c = 0; c < classes; c += Width) sum.Add(Vector256.Load(errors + c));
        return sum.WithoutLargest();
    }

    /// <summary>Does the classes from <paramref name="start"/> on, as far as there are whole vectors.</summary>
    /// <returns>The first that is left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int Store<TNumber>(
        double* scores, double* errors, int start, int padded, in BiasedRange range, ref Vector256<double> total,
        ref Vector256<double> run)
        where TNumber : struct, IPlainNumbers<TNumber>
    {
        var (max, maxError, whole, part, c) = (TNumber.Of(range.Max), TNumber.Of(range.MaxError), total, run, start);
        for (; c <= padded - TNumber.Count; c += TNumber.Count)
        {
            part = TNumber.Add(part, StoreExponential(scores + c, errors + c, max, maxError));
            if ((c & (Run * Width - 1)) != Run * Width - TNumber.Count) continue;
            whole += part;
            part = Vector256<double>.Zero;
        }
        (total, run) = (whole, part);
        return c;
    }

    /// <summary>First step for four rows, class by class.</summary>
    /// <param name="z">The logits, class by class.</param>
    /// <param name="classes">K.</param>
    /// <param name="scores">Receives s.</param>
    /// <param name="errors">Receives what each s lacks.</param>
    /// <param name="max">The maxima.</param>
    /// <param name="maxError">What each maximum lacks.</param>
    /// <returns>The minima.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public Vector256<double> FindColumns<TElement>(TElement* z, int classes, double* scores, double* errors,
        out Vector256<double> max, out Vector256<double> maxError) where TElement : unmanaged, IStoredFloat<TElement>
    {
        var score = _score;
        var least = PlainDouble.Of(double.PositiveInfinity);
        var (most, mostError) = (PlainDouble.Of(double.NegativeInfinity), PlainDouble.Zero);
        for (var c = 0; c < classes; c++)
        {
            var s = score.Of(PlainDouble.Load(z + c * Width), PlainDouble.Of(bias[c]), out var error);
            s.StoreNearest(ref scores[c * Width]);
            error.StoreNearest(ref errors[c * Width]);
            Raise(s, error, ref most, ref mostError);
            least = PlainDouble.Min(least, s);
        }
        (max, maxError) = (most.Round(), mostError.Round());
        return least.Round();
    }

    /// <summary>Second step for four rows, class by class.</summary>
    /// <param name="scores">s; receives s − max s.</param>
    /// <param name="errors">What each s lacks; receives the exponentials.</param>
    /// <param name="classes">K.</param>
    /// <param name="max">The maxima.</param>
    /// <param name="maxError">What each maximum lacks.</param>
    /// <returns>Σ e − 1 of each row; NaN where its maximum is infinite or too large.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static Vector256<double> StoreColumns(
        double* scores, double* errors, int classes, Vector256<double> max, Vector256<double> maxError)
    {
        var sum = new ColumnSum();
        var (most, mostError) = (PlainDouble.Of(max), PlainDouble.Of(maxError));
        for (var c = 0; c < classes * Width; c += Width) sum.Add(StoreExponential(scores + c, errors + c, most, mostError).Round());
        var isUsual = Vector256.LessThanOrEqual(Vector256.Abs(max), Vector256.Create(MaxSize));
        return Lanes.Select(isUsual, sum.WithoutLargest, Vector256.Create(double.NaN));
    }

    /// <summary>Of equal s, that which lacks the most is the larger: no exponential is above 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Raise<TNumber>(TNumber s, TNumber error, ref TNumber max, ref TNumber maxError)
        where TNumber : struct, IPlainNumbers<TNumber>
    {
        var isLarger = TNumber.LessThan(max, s) | (~TNumber.LessThan(s, max) & TNumber.LessThan(maxError, error));
        max = TNumber.Select(isLarger, s, max);
        maxError = TNumber.Select(isLarger, error, maxError);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TNumber StoreExponential<TNumber>(double* score, double* error, TNumber max, TNumber maxError)
        where TNumber : struct, IPlainNumbers<TNumber>
    {
        var s = TNumber.Load(ref *score);
        var difference = s - max;
        var moved = difference - s;
        var low = (s - (difference - moved)) - (max + moved) + (TNumber.Load(ref *error) - maxError);
        // that of −∞ has no error
        low = TNumber.Select(low.IsFinite, low, TNumber.Zero);
        var rounded = difference + low;
        rounded.StoreNearest(ref *score);
        low -= rounded - difference;
        low = TNumber.Select(low.IsNaN, TNumber.Zero, low);
        // the rest is so small where e is not 0 that e to it is 1 and the rest
        var e = TNumber.ExpOfNegative(rounded);
        e = TNumber.FusedMultiplyAdd(e, low, e);
        e.StoreNearest(ref *error);
        return e;
    }
}
