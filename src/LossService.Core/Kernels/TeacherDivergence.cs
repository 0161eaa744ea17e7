using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Batches;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Kernels;

/// <summary>
/// KL(t‖p) of a row where t is a softmax of logits, too, u, at the same temperature: where the two are near, the difference of
/// cross-entropy and entropy has no digits left.
/// </summary>
/// <remarks>
/// With y_c = ((u_c − z_c) − μ)/T for any number μ, ν = Σ t·y and G = Σ t·(e^−y − 1 + y), whose terms are not negative:
/// Σ t·e^−y = 1 + G − ν is a multiple of Σp over the classes with t, so D = ν + ln(1 + w) − ln(Σp) with w = G − ν, and ν + ln(1 + w) =
/// G − (w − ln(1 + w)). With μ near the mean of u − z no digits cancel in any of them.
/// </remarks>
internal sealed unsafe class TeacherDivergence<TElement> where TElement : unmanaged, IStoredFloat<TElement>
{
    private const int Width = Lanes.Width;

    /// <summary>The classes after which a sum goes into a double-double: a long sum would lose digits.</summary>
    private const int Run = 32 * Width;

    /// <summary>The |y| up to which the excess is that of y/8, doubled three times.</summary>
    private const double Near = 4;

    /// <summary>The w up to which D is found as G less a smaller number.</summary>
    private const double SmallExcess = 0.5;

    /// <summary>The largest part of p in classes without t: a logarithm of less than the half would lack digits.</summary>
    private const double LargestOutside = 0.25;

    private readonly TElement* _logits, _teacher;
    private readonly int _classes;
    private readonly SoftmaxLoss _loss;

    private TeacherDivergence(Batch batch, SoftmaxLoss loss)
    {
        _logits = (TElement*)batch.Predictions.Data;
        _teacher = (TElement*)batch.Labels!.Data;
        (_classes, _loss) = (batch.Predictions.Shape.Last, loss);
    }

    /// <summary>Prepares for a batch; null where it has no teacher of the same dtype and temperature, or another loss.</summary>
    public static TeacherDivergence<TElement>? Create(Batch batch, SoftmaxLoss loss) =>
        loss.SubtractsEntropy && loss.Bias.Length == 0 && batch.LabelForm == TargetForm.Logits && batch.LabelTemperature == loss.Temperature
        && batch.Labels!.DType == batch.Predictions.DType ? new(batch, loss) : null;

    /// <summary>D of a row; NaN where it may lack digits.</summary>
    /// <param name="rows">The block.</param>
    /// <param name="i">The row's place in it.</param>
    /// <param name="t">The row's target, padded with zeros.</param>
    /// <param name="e">Its exponentials, padded.</param>
    public double Find(SoftmaxScratch rows, int i, double* t, double* e)
    {
        var start = rows.Index[i] * _classes;
        return Find(_logits + start, _teacher + start, rows.Max[i], t, e, rows.Rest[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private double Find(TElement* z, TElement* u, double max, double* t, double* e, double others)
    {
        var (largest, own) = (Vector256.Create(TElement.FindMinMax(u, _classes).Max), Vector256.Create(max));
        // the last classes, where they are fewer than a vector has; after the row's end, where t is 0, any number
        var (whole, rest) = (_classes & -Width, _classes % Width);
        var last = FindGap(SoftmaxKernel<TElement>.Load(z + whole, rest), SoftmaxKernel<TElement>.Load(u + whole, rest), own, largest);
        var shift = FindMean(z, u, t, own, largest, last);
        var (excess, moved, outside) = (Dd.Zero, Dd.Zero, Vector256<double>.Zero);
        for (var from = 0; from < _classes; from += Run)
        {
            // sums in locals stay in registers
            var (excessOfRun, movedOfRun) = (Vector256<double>.Zero, Vector256<double>.Zero);
            var to = Math.Min(from + Run, _classes);
            for (var c = from; c < to; c += Width)
            {
                var gap = c + Width <= to ? FindGap(TElement.Load(z + c), TElement.Load(u + c), own, largest) : last;
                var target = Vector256.Load(t + c);
                var isOutside = Vector256.Equals(target, Vector256<double>.Zero);
                var y = Vector256.AndNot(gap - shift, isOutside);
                if (_loss.Temperature != 1) y /= Vector256.Create(_loss.Temperature);
                var each = FindNear(y);
                var isFar = Vector256.GreaterThan(Vector256.Abs(y), Vector256.Create(Near));
                if (isFar != Vector256<double>.Zero) each = Lanes.Select(isFar, FindFar(gap, shift), each);
                excessOfRun += target * each;
                movedOfRun += target * y;
                outside += isOutside & Vector256.Load(e + c);
            }
            excess += excessOfRun;
            moved += movedOfRun;
        }
        (excess, moved) = (Dd.SumOfLanes(excess), Dd.SumOfLanes(moved));
        var unlabelled = Vector256.Sum(outside) / (1 + others);
        if (!(unlabelled <= LargestOutside)) return double.NaN;
        var w = excess - moved;
        var value = w.ToScalar() < SmallExcess ? excess - Compare(w.Round()) : moved + VectorMath.Log1p(w.Round());
        return (value - VectorMath.Log1p(Vector256.Create(-unlabelled))).ToScalar();
    }

    /// <summary>w − ln(1 + w).</summary>
    private static Vector256<double> Compare(Vector256<double> w) =>
        VectorRatio.Compare(Vector256<double>.One, Vector256<double>.One + w, w, out _, out _);

    /// <summary>Σ t·gap in every lane: any number near it will do.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private Vector256<double> FindMean(
        TElement* z, TElement* u, double* t, Vector256<double> max, Vector256<double> largest, Vector256<double> last)
    {
        var sum = Vector256<double>.Zero;
        for (var c = 0; c < _classes; c += Width)
        {
            var gap = c + Width <= _classes ? FindGap(TElement.Load(z + c), TElement.Load(u + c), max, largest) : last;
            var target = Vector256.Load(t + c);
            sum += Vector256.AndNot(target * gap, Vector256.Equals(target, Vector256<double>.Zero));
        }
        return Vector256.Create(Vector256.Sum(sum));
    }

    /// <summary>(u − max u) − (z − max z).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> FindGap(
        Vector256<double> z, Vector256<double> u, Vector256<double> max, Vector256<double> largest) => (u - largest) - (z - max);

    /// <summary>g(y) = e^−y − 1 + y for y = (gap − shift)/T; the error of a rounded y would be that of e^−y times y.</summary>
    private Vector256<double> FindFar(Vector256<double> gap, Vector256<double> shift)
    {
        var y = Dd.Difference(gap, shift);
        if (_loss.Temperature != 1) y /= Vector256.Create(_loss.Temperature);
        return VectorMath.Exp(-y.Hi, -y.Lo) - (Vector256<double>.One - y.Hi);
    }

    /// <summary>
    /// g(y) of |y| up to <see cref="Near"/>, by the series of g(h), and g(2h) = (h − g(h))² + 2·g(h), whose terms are not
    /// negative.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> FindNear(Vector256<double> y)
    {
        var h = y * Vector256.Create(0.125);
        // Σ (−h)^k/(k + 2)! up to k = 13; the next term is 2⁻⁵⁷ of the first
        var series = Vector256.FusedMultiplyAdd(h, Vector256.Create(-1 / 1307674368000.0), Vector256.Create(1 / 87178291200.0));
        series = Vector256.FusedMultiplyAdd(h, -series, Vector256.Create(1 / 6227020800.0));
        series = Vector256.FusedMultiplyAdd(h, -series, Vector256.Create(1 / 479001600.0));
        series = Vector256.FusedMultiplyAdd(h, -series, Vector256.Create(1 / 39916800.0));
        series = Vector256.FusedMultiplyAdd(h, -series, Vector256.Create(1 / 3628800.0));
        series = Vector256.FusedMultiplyAdd(h, -series, Vector256.Create(1 / 362880.0));
        series = Vector256.FusedMultiplyAdd(h, -series, Vector256.Create(1 / 40320.0));
        series = Vector256.FusedMultiplyAdd(h, -series, Vector256.Create(1 / 5040.0));
        series = Vector256.FusedMultiplyAdd(h, -series, Vector256.Create(1 / 720.0));
        series = Vector256.FusedMultiplyAdd(h, -series, Vector256.Create(1 / 120.0));
        series = Vector256.FusedMultiplyAdd(h, -series, Vector256.Create(1 / 24.0));
        series = Vector256.FusedMultiplyAdd(h, -series, Vector256.Create(1 / 6.0));
        series = Vector256.FusedMultiplyAdd(h, -series, Vector256.Create(0.5));
        var excess = h * h * series;
        return Double(Double(Double(excess, ref h), ref h), ref h);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Double(Vector256<double> excess, ref Vector256<double> h)
    {
        var less = h - excess;
        h += h;
        return Vector256.FusedMultiplyAdd(less, less, excess + excess);
    }
}
