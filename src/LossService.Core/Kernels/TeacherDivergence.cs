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

    /// <summary>Finds the weighted loss of a row; false where it may lack digits.</summary>
    /// <param name="rows">The block.</param>
    /// <param name="i">The row's place in it.</param>
    /// <param name="isPlain">Whether every sample weighs 1 and the unit is nats.</param>
    /// <param name="t">The row's target, padded with zeros.</param>
    /// <param name="e">Its exponentials, padded.</param>
    public bool TryFind(SoftmaxScratch rows, int i, bool isPlain, double* t, double* e)
    {
        var start = rows.Index[i] * _classes;
        var value = new Dd(Find(_logits + start, _teacher + start, rows.Max[i], t, e, rows.Rest[i]));
        if (!isPlain) value = value * _loss.Factor * Vector256.Create(rows.Weight[i]);
        if (!double.IsFinite(value.ToScalar())) return false;
        (rows.Loss[i], rows.Low[i]) = (value.Hi[0], value.Lo[0]);
        return true;
    }

    /// <summary>D; NaN where it may lack digits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private double Find(TElement* z, TElement* u, double max, double* t, double* e, double rest)
    {
        var (largest, own) = (Vector256.Create(TElement.FindMinMax(u, _classes).Max), Vector256.Create(max));
        var mean = new TargetEntropy();
        for (var c = 0; c < _classes; c += Width) mean.Add(Vector256.Load(t + c), FindGap(z + c, u + c, _classes - c, own, largest));
        var shift = Vector256.Create(mean.Sum.ToScalar());
        var (excess, moved, outside) = (new TargetEntropy(), new TargetEntropy(), Vector256<double>.Zero);
        for (var c = 0; c < _classes; c += Width)
        {
            var target = Vector256.Load(t + c);
            var isOutside = Vector256.Equals(target, Vector256<double>.Zero);
            var gap = FindGap(z + c, u + c, _classes - c, own, largest);
            var y = Vector256.AndNot(gap - shift, isOutside);
            if (_loss.Temperature != 1) y /= Vector256.Create(_loss.Temperature);
            var each = FindNear(y);
            var isFar = Vector256.GreaterThan(Vector256.Abs(y), Vector256.Create(Near));
            if (isFar != Vector256<double>.Zero) each = Lanes.Select(isFar, FindFar(gap, shift), each);
            excess.Add(target, each);
            moved.Add(target, y);
            outside += isOutside & Vector256.Load(e + c);
        }
        var unlabelled = Vector256.Sum(outside) / (1 + rest);
        if (!(unlabelled <= LargestOutside)) return double.NaN;
        var w = excess.Sum - moved.Sum;
        var value = w.ToScalar() < SmallExcess ? excess.Sum - Compare(w.Round()) : moved.Sum + VectorMath.Log1p(w.Round());
        return (value - VectorMath.Log1p(Vector256.Create(-unlabelled))).ToScalar();
    }

    /// <summary>w − ln(1 + w).</summary>
    private static Vector256<double> Compare(Vector256<double> w) =>
        VectorRatio.Compare(Vector256<double>.One, Vector256<double>.One + w, w, out _);

    /// <summary>(u − max u) − (z − max z) of four classes; of those after the row's end, which have no t, any number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> FindGap(TElement* z, TElement* u, int count, Vector256<double> max, Vector256<double> largest) =>
        (SoftmaxKernel<TElement>.Load(u, count) - largest) - (SoftmaxKernel<TElement>.Load(z, count) - max);

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
