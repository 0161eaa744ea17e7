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
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public BiasedRange Find<TElement>(TElement* z, int classes, double* scores, double* errors)
        where TElement : unmanaged, IStoredFloat<TElement>
    {
        var score = _score;
        ref var first = ref bias[0];
        var least = Vector256.Create(double.PositiveInfinity);
        var (max, maxError) = (Vector256.Create(double.NegativeInfinity), Vector256<double>.Zero);
        var whole = classes & -Width;
        for (var c = 0; c < whole; c += Width)
        {
            var s = score.Of(TElement.Load(z + c), Vector256.LoadUnsafe(ref first, (nuint)c), out var error);
            s.Store(scores + c);
            error.Store(errors + c);
            Raise(s, error, ref max, ref maxError);
            least = Vector256.MinNative(least, s);
        }
        if (whole < classes)
        {
            // in the loop, the call of this load would cost more than all else
            var rest = SoftmaxKernel<TElement>.Load(z + whole, classes - whole);
            var s = score.Of(rest, Vector256.LoadUnsafe(ref first, (nuint)whole), out var error);
            s.Store(scores + whole);
            error.Store(errors + whole);
            Raise(s, error, ref max, ref maxError);
        }
        var range = new BiasedRange(least[0], max[0], maxError[0]);
        for (var lane = 1; lane < Width; lane++) range = range.With(least[lane], max[lane], maxError[lane]);
        for (var c = whole; c < classes; c++) range = range.With(scores[c], scores[c], errors[c]);
        return range;
    }

    /// <summary>Second step for a row.</summary>
    /// <param name="scores">s; receives s − max s.</param>
    /// <param name="errors">What each s lacks; receives the exponentials.</param>
    /// <param name="classes">K.</param>
    /// <param name="range">The maximum.</param>
    /// <returns>Σ e − 1; NaN where the maximum is infinite or too large, and nothing is stored.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static double StoreExponentials(double* scores, double* errors, int classes, in BiasedRange range)
    {
        if (!(Math.Abs(range.Max) <= MaxSize)) return double.NaN;
        var (max, maxError) = (Vector256.Create(range.Max), Vector256.Create(range.MaxError));
        var total = Vector256<double>.Zero;
        for (var start = 0; start < classes; start += Run * Width)
        {
            var stop = Math.Min(start + Run * Width, classes);
            var run = Vector256<double>.Zero;
            for (var c = start; c < stop; c += Width) run += StoreExponential(scores + c, errors + c, max, maxError);
            total += run;
        }
        var sum = new ExponentialSum();
        // where the other terms sum to at least 1, leaving in the maximum's 1 costs the sum at most one bit
        if (Vector256.Sum(total) >= 2) sum.AddWithLargest(total);
        else for (var c = 0; c < classes; c += Width) sum.Add(Vector256.Load(errors + c));
        return sum.WithoutLargest();
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
        var least = Vector256.Create(double.PositiveInfinity);
        (max, maxError) = (Vector256.Create(double.NegativeInfinity), Vector256<double>.Zero);
        for (var c = 0; c < classes; c++)
        {
            var s = score.Of(TElement.Load(z + c * Width), Vector256.Create(bias[c]), out var error);
            s.Store(scores + c * Width);
            error.Store(errors + c * Width);
            Raise(s, error, ref max, ref maxError);
            least = Vector256.MinNative(least, s);
        }
        return least;
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
        for (var c = 0; c < classes * Width; c += Width) sum.Add(StoreExponential(scores + c, errors + c, max, maxError));
        var isUsual = Vector256.LessThanOrEqual(Vector256.Abs(max), Vector256.Create(MaxSize));
        return Lanes.Select(isUsual, sum.WithoutLargest, Vector256.Create(double.NaN));
    }

    /// <summary>Of equal s, that which lacks the most is the larger: no exponential is above 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Raise(Vector256<double> s, Vector256<double> error, ref Vector256<double> max, ref Vector256<double> maxError)
    {
        var isLarger = Vector256.GreaterThan(s, max) | (Vector256.Equals(s, max) & Vector256.GreaterThan(error, maxError));
        max = Lanes.Select(isLarger, s, max);
        maxError = Lanes.Select(isLarger, error, maxError);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> StoreExponential(double* score, double* error, Vector256<double> max, Vector256<double> maxError)
    {
        var s = Vector256.Load(score);
        var difference = s - max;
        var moved = difference - s;
        var low = (s - (difference - moved)) - (max + moved) + (Vector256.Load(error) - maxError);
        // that of −∞ has no error
        low &= Vector256.LessThan(Vector256.Abs(low), Vector256.Create(double.PositiveInfinity));
        var rounded = difference + low;
        rounded.Store(score);
        low -= rounded - difference;
        low &= Vector256.Equals(low, low);
        // the rest is so small where e is not 0 that e to it is 1 and the rest
        var e = VectorMath.ExpOfNegative(rounded);
        e = Vector256.FusedMultiplyAdd(e, low, e);
        e.Store(error);
        return e;
    }
}
