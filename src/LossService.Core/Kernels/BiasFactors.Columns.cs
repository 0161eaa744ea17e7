using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <content>Four short rows side by side, class by class, with a lane for each.</content>
internal sealed unsafe partial class BiasFactors
{
    /// <summary>Which of four rows have products with all digits, as a mask.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public Vector256<double> Serve(Vector256<double> min, Vector256<double> max) => _factors.Length == 0 ? Vector256<double>.Zero
        : Vector256.LessThanOrEqual(max - min, Vector256.Create(MaxSpan * _scale.Temperature))
            & Vector256.LessThanOrEqual(Vector256.Abs(max), Vector256.Create(ShiftedExponential.MaxShift * _scale.Temperature));

    /// <summary>Stores the exponentials of four rows, class by class; those of rows that they do not serve are undefined.</summary>
    /// <param name="z">The logits, class by class.</param>
    /// <param name="classes">K.</param>
    /// <param name="max">The largest logits.</param>
    /// <param name="label">The logits of the true classes.</param>
    /// <param name="y">The true classes.</param>
    /// <param name="e">Receives the exponentials.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public BiasedColumns StoreColumns<TElement>(
        TElement* z, int classes, Vector256<double> max, Vector256<double> label, int* y, double* e)
        where TElement : unmanaged, IStoredFloat<TElement>
    {
        Vector256<double> bias;
        var largest = _scale.Temperature == 1
            ? MultiplyColumns(z, classes, new ShiftedExponential(max), e, out var zOfLargest, out bias)
            : MultiplyColumns(z, classes, new TemperedExponential(max, _scale), e, out zOfLargest, out bias);
        var most = Score(zOfLargest, bias);
        var own = Score(label, Vector256.Create(_bias[y[0]], _bias[y[1]], _bias[y[2]], _bias[y[3]]));
        var exact = Exponentiate(most, Score(max, Vector256.Create(_largest)));
        var sum = ScaleColumns(e, classes, largest, Vector256<double>.One / exact);
        exact = Exponentiate(own, most);
        for (var lane = 0; lane < Width; lane++) e[y[lane] * Width + lane] = exact[lane];
        return new() { Rest = sum, Max = most.Hi, MaxError = most.Lo, Label = own.Hi, LabelError = own.Lo };
    }

    /// <summary>Stores z/T + b of each class of four rows less that of the largest, rounded once.</summary>
    /// <inheritdoc cref="StoreDifferences{TElement}(TElement*, int, in BiasedRow, double*)"/>
    /// <param name="z">The logits, class by class.</param>
    /// <param name="classes">K.</param>
    /// <param name="rows">What has been found of the rows.</param>
    /// <param name="areServed">A mask of the rows that are written.</param>
    /// <param name="scores">Receives the differences.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void StoreColumnDifferences<TElement>(
        TElement* z, int classes, in BiasedColumns rows, Vector256<double> areServed, double* scores)
        where TElement : unmanaged, IStoredFloat<TElement>
    {
        var difference = new Difference<PlainDouble>(_scale.Temperature, PlainDouble.Of(rows.Max), PlainDouble.Of(rows.MaxError));
        for (var c = 0; c < classes; c++)
        {
            var d = difference.Of(PlainDouble.Load(z + c * Width), PlainDouble.Of(_bias[c])).Round();
            Lanes.Select(areServed, d, Vector256.Load(scores + c * Width)).Store(scores + c * Width);
        }
    }

    /// <summary>Returns the largest product of each row, with the logit and the bias of its class.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private Vector256<double> MultiplyColumns<TElement, TExponential>(TElement* z, int classes, TExponential exponential, double* e,
        out Vector256<double> zOfLargest, out Vector256<double> biasOfLargest)
        where TElement : unmanaged, IStoredFloat<TElement>
        where TExponential : struct, IShiftedExponential
    {
        var (largest, ownZ, ownBias) = (Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero);
        ref var factors = ref _factors[0];
        ref var rests = ref _rests[0];
        ref var biases = ref _bias[0];
        for (var c = 0; c < classes; c++)
        {
            var logits = TElement.Load(z + c * Width);
            var x = exponential.ExpNear(logits);
            var product = Vector256.FusedMultiplyAdd(
                x, Vector256.Create(Unsafe.Add(ref factors, c)), x * Vector256.Create(Unsafe.Add(ref rests, c)));
            product.Store(e + c * Width);
            var isLarger = Vector256.GreaterThan(product, largest);
            largest = Lanes.Select(isLarger, product, largest);
            ownZ = Lanes.Select(isLarger, logits, ownZ);
            ownBias = Lanes.Select(isLarger, Vector256.Create(Unsafe.Add(ref biases, c)), ownBias);
        }
        (zOfLargest, biasOfLargest) = (ownZ, ownBias);
        return largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static Vector256<double> ScaleColumns(double* e, int classes, Vector256<double> largest, Vector256<double> factor)
    {
        var sum = new ColumnSum();
        for (var end = e + classes * Width; e < end; e += Width)
        {
            var product = Vector256.Load(e);
            var scaled = Lanes.Select(Vector256.Equals(product, largest), Vector256<double>.One, product * factor);
            scaled.Store(e);
            sum.Add(scaled);
        }
        return sum.WithoutLargest;
    }
}
