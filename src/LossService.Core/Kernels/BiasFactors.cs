using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>
/// The exponentials of logits with a bias as products, e^((z_c − max z)/T)·e^(b_c − max b), in one pass over a row: the second factors are
/// those of all rows. Then they are divided by that of the largest z/T + b.
/// </summary>
/// <remarks>
/// No z/T + b is rounded. Its largest is that with the largest product, or nearly as large as that. This product, and that of the true
/// class, are computed again, in sums of two doubles: their errors would be those of all p, or raised to a power.
/// </remarks>
internal sealed unsafe partial class BiasFactors
{
    /// <summary>The largest range of logits, over T, and of biases: e⁻⁶⁰⁰ and what rounding takes from it are normal numbers.</summary>
    private const double MaxSpan = 300;

    /// <summary>The largest bias for which 106 bits of z/T + b are enough.</summary>
    private const double MaxSize = 1L << 40;

    private const int Width = Lanes.Width;

    /// <summary>The additions after which a sum goes into another: a long sum would lose digits.</summary>
    private const int Run = 32;

    private readonly double[] _bias, _factors, _rests;
    private readonly double _largest;
    private readonly ExponentialScale _scale;
    private readonly LogitScore _score;

    /// <summary>Prepares for a batch.</summary>
    /// <param name="temperature">T.</param>
    /// <param name="bias">b, padded.</param>
    /// <param name="classes">K.</param>
    public BiasFactors(double temperature, double[] bias, int classes)
    {
        (_scale, _score, _bias, _largest) = (new(temperature), new(temperature), bias, double.NegativeInfinity);
        var least = double.PositiveInfinity;
        foreach (var b in bias.AsSpan(0, classes)) (least, _largest) = (Math.Min(least, b), Math.Max(_largest, b));
        (_factors, _rests) = ([], []);
        if (!(_largest - least <= MaxSpan && Math.Abs(_largest) <= MaxSize)) return;
        (_factors, _rests) = (new double[bias.Length], new double[bias.Length]);
        var done = Lanes.HasMost ? Fill<WideEight>(0) : 0;
        Fill<WideDouble>(done);
        // padding has no exponential
        Array.Clear(_factors, classes, bias.Length - classes);
        Array.Clear(_rests, classes, bias.Length - classes);
    }

    /// <summary>Whether a row of logits between these has products with all digits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Serve(double min, double max) => _factors.Length > 0
        && max - min <= MaxSpan * _scale.Temperature && Math.Abs(max) <= ShiftedExponential.MaxShift * _scale.Temperature;

    /// <summary>Stores the exponentials of a row that they serve.</summary>
    /// <param name="z">The logits.</param>
    /// <param name="classes">K.</param>
    /// <param name="max">The largest logit.</param>
    /// <param name="y">A class whose exponential is rounded once: the true class.</param>
    /// <param name="e">Receives the exponentials, padded.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public BiasedRow Store<TElement>(TElement* z, int classes, double max, int y, double* e)
        where TElement : unmanaged, IStoredFloat<TElement>
    {
        var total = _scale.Temperature == 1
            ? Multiply(z, classes, new ShiftedExponential(max), e, out var largest)
            : Multiply(z, classes, new TemperedExponential(max, _scale), e, out largest);
        var k = new ReadOnlySpan<long>(e, classes).IndexOf(BitConverter.DoubleToInt64Bits(largest));
        var (zOfK, zOfY) = (TElement.ToDouble(z[k]), TElement.ToDouble(z[y]));
        var s = Score(Vector256.Create(zOfK, zOfY, max, 0), Vector256.Create(_bias[k], _bias[y], _largest, 0));
        // that of k less the largest of both, and that of y less that of k
        var exact = Exponentiate(
            new(Vector256.Create(s.Hi[0], s.Hi[1], 0, 0), Vector256.Create(s.Lo[0], s.Lo[1], 0, 0)),
            new(Vector256.Create(s.Hi[2], s.Hi[0], 0, 0), Vector256.Create(s.Lo[2], s.Lo[0], 0, 0)));
        var inverse = 1 / exact[0];
        var c = Lanes.HasMost ? Scale<PlainEight>(e, classes, inverse, 0) : 0;
        Scale<PlainDouble>(e, classes, inverse, c);
        (e[y], e[k]) = (exact[1], 1);
        var sum = new ExponentialSum();
        total /= Vector256.Create(exact[0]);
        // where the other terms sum to at least 1, leaving in the maximum's 1 costs the sum at most one bit
        if (Vector256.Sum(total) >= 2) sum.AddWithLargest(total);
        else for (c = 0; c < classes; c += Width) sum.Add(Vector256.Load(e + c));
        return new(sum.WithoutLargest(), s.Hi[0], s.Lo[0], s.Hi[1], s.Lo[1]);
    }

    /// <summary>Stores z/T + b of each class less that of the largest, rounded once.</summary>
    /// <param name="z">The logits.</param>
    /// <param name="classes">K.</param>
    /// <param name="row">What has been found of the row.</param>
    /// <param name="scores">Receives the differences, without padding.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void StoreDifferences<TElement>(TElement* z, int classes, in BiasedRow row, double* scores)
        where TElement : unmanaged, IStoredFloat<TElement>
    {
        var done = Lanes.HasMost ? StoreDifferences<TElement, PlainEight>(z, classes, 0, row, scores) : 0;
        done = StoreDifferences<TElement, PlainDouble>(z, classes, done, row, scores);
        if (done == classes) return;
        // in the loop, the call of this load would cost more than all else
        var rest = PlainDouble.Of(SoftmaxKernel<TElement>.Load(z + done, classes - done));
        new Difference<PlainDouble>(_scale.Temperature, PlainDouble.Of(row.Max), PlainDouble.Of(row.MaxError))
            .Of(rest, PlainDouble.Load(ref _bias[done])).StoreNearest(ref scores[done]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private int StoreDifferences<TElement, TNumber>(TElement* z, int classes, int start, in BiasedRow row, double* scores)
        where TElement : unmanaged, IStoredFloat<TElement>
        where TNumber : struct, IPlainNumbers<TNumber>
    {
        var (difference, c) = (new Difference<TNumber>(_scale.Temperature, TNumber.Of(row.Max), TNumber.Of(row.MaxError)), start);
        ref var bias = ref _bias[0];
        if (_scale.Temperature == 1)
        {
            for (; c <= classes - TNumber.Count; c += TNumber.Count)
                difference.OfWhole(TNumber.Load(z + c), TNumber.Load(ref Unsafe.Add(ref bias, c))).StoreNearest(ref scores[c]);
        }
        else
        {
            for (; c <= classes - TNumber.Count; c += TNumber.Count)
                difference.Of(TNumber.Load(z + c), TNumber.Load(ref Unsafe.Add(ref bias, c))).StoreNearest(ref scores[c]);
        }
        return c;
    }

    /// <summary>z/T + b, of four rows or four classes, and what rounding takes from it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Dd Score(Vector256<double> z, Vector256<double> bias)
    {
        var s = _score.Of(PlainDouble.Of(z), PlainDouble.Of(bias), out var error);
        return new(s.Round(), error.Round());
    }

    /// <summary>e to the difference of two such numbers, rounded once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector256<double> Exponentiate(Dd a, Dd b)
    {
        var difference = Dd.Sum(a.Hi, -b.Hi) + (a.Lo - b.Lo);
        return WideDouble.FineExpOfDifference(WideDouble.Of(difference.Hi, difference.Lo)).Round();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Fill<TNumber>(int start) where TNumber : struct, IWideNumbers<TNumber>
    {
        var c = start;
        for (; c <= _bias.Length - TNumber.Count; c += TNumber.Count)
            TNumber.FineExp(TNumber.Load(ref _bias[c]) - TNumber.Of(_largest)).Store(ref _factors[c], ref _rests[c]);
        return c;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private Vector256<double> Multiply<TElement, TExponential>(
        TElement* z, int classes, TExponential exponential, double* e, out double largest)
        where TElement : unmanaged, IStoredFloat<TElement>
        where TExponential : struct, IShiftedExponential
    {
        var (max, end) = (Vector256<double>.Zero, classes & -Width);
        fixed (double* factors = _factors, rests = _rests)
        {
            var total = Lanes.HasMost
                ? Multiply(z, end, exponential.Eight, factors, rests, e, ref max)
                : Multiply(z, end, exponential, factors, rests, e, ref max);
            if (end < classes)
            {
                var x = exponential.Exp(SoftmaxKernel<TElement>.Load(z + end, classes - end));
                var last = Vector256.FusedMultiplyAdd(x, Vector256.Load(factors + end), x * Vector256.Load(rests + end));
                last.Store(e + end);
                total += last;
                max = Vector256.MaxNative(max, last);
            }
            var two = Vector128.MaxNative(max.GetLower(), max.GetUpper());
            largest = Math.Max(two[0], two[1]);
            return total;
        }
    }

    /// <summary>As <see cref="SoftmaxKernel{TElement}.StoreExponentials"/> adds: the even vectors and the odd ones by themselves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Multiply<TElement, TExponential>(TElement* z, int end, in TExponential exponential,
        double* factors, double* rests, double* e, ref Vector256<double> max)
        where TElement : unmanaged, IStoredFloat<TElement>
        where TExponential : struct, IShiftedExponential
    {
        var (total, most) = (Vector256<double>.Zero, max);
        for (var start = 0; start < end; start += 2 * Run * Width)
        {
            var stop = Math.Min(start + 2 * Run * Width, end);
            var (sum, next) = (Vector256<double>.Zero, Vector256<double>.Zero);
            for (var c = start; c < stop; c += Width)
            {
                var x = exponential.ExpNear(TElement.Load(z + c));
                var block = Vector256.FusedMultiplyAdd(x, Vector256.Load(factors + c), x * Vector256.Load(rests + c));
                block.Store(e + c);
                (sum, next) = (next, sum + block);
                most = Vector256.MaxNative(most, block);
            }
            total += sum + next;
        }
        max = most;
        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Multiply<TElement>(
        TElement* z, int end, EightExponentials exponential, double* factors, double* rests, double* e, ref Vector256<double> max)
        where TElement : unmanaged, IStoredFloat<TElement>
    {
        var (total, most) = (Vector256<double>.Zero, Vector512<double>.Zero);
        for (var start = 0; start < end; start += 2 * Run * Width)
        {
            var stop = Math.Min(start + 2 * Run * Width, end);
            var (sums, c) = (Vector512<double>.Zero, start);
            for (; c < stop - Width; c += 2 * Width)
            {
                var x = exponential.ExpNear(TElement.LoadEightFinite(z + c));
                var block = Vector512.FusedMultiplyAdd(x, Vector512.Load(factors + c), x * Vector512.Load(rests + c));
                block.Store(e + c);
                sums += block;
                most = Vector512.MaxNative(most, block);
            }
            var (even, odd) = (sums.GetLower(), sums.GetUpper());
            if (c < stop)
            {
                var x = exponential.ExpNear(Vector512.Create(TElement.Load(z + c), Vector256<double>.Zero)).GetLower();
                var last = Vector256.FusedMultiplyAdd(x, Vector256.Load(factors + c), x * Vector256.Load(rests + c));
                last.Store(e + c);
                even += last;
                max = Vector256.MaxNative(max, last);
            }
            total += even + odd;
        }
        max = Vector256.MaxNative(max, Vector256.MaxNative(most.GetLower(), most.GetUpper()));
        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int Scale<TNumber>(double* e, int classes, double factor, int start) where TNumber : struct, IPlainNumbers<TNumber>
    {
        var (all, padded, c) = (TNumber.Of(factor), Lanes.Padded(classes), start);
        for (; c <= padded - TNumber.Count; c += TNumber.Count) (TNumber.Load(ref e[c]) * all).StoreNearest(ref e[c]);
        return c;
    }

    /// <summary>z/T + b less the largest, rounded once.</summary>
    private readonly struct Difference<TNumber> where TNumber : struct, IPlainNumbers<TNumber>
    {
        private readonly TNumber _inverse, _inverseRest, _max, _maxError;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public Difference(double temperature, TNumber max, TNumber maxError)
        {
            var inverse = Dd.One / new Dd(temperature);
            (_inverse, _inverseRest) = (TNumber.Of(inverse.Hi.ToScalar()), TNumber.Of(inverse.Lo.ToScalar()));
            (_max, _maxError) = (max, maxError);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TNumber Of(TNumber z, TNumber bias)
        {
            var quotient = z * _inverse;
            return Subtract(quotient, bias, TNumber.FusedMultiplyAdd(z, _inverse, -quotient) + z * _inverseRest);
        }

        /// <summary>The same for T = 1.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TNumber OfWhole(TNumber z, TNumber bias) => Subtract(z, bias, TNumber.Zero);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private TNumber Subtract(TNumber quotient, TNumber bias, TNumber low)
        {
            var s = quotient + bias;
            var moved = s - quotient;
            low += (quotient - (s - moved)) + (bias - moved);
            var difference = s - _max;
            moved = difference - s;
            return difference + ((s - (difference - moved)) - (_max + moved) + (low - _maxError));
        }
    }
}
