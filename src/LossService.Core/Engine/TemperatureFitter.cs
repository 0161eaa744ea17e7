using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Batches;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>
/// Finds the temperature T that makes the cross-entropy of a batch's logits least, where p = softmax(z/T + b). In β = 1/T it is convex,
/// with the slope Σw·(Σ_c p_c z_c − Σ_c y_c z_c) and the curvature Σw·Var_p(z): Newton's steps, held between the ends of where the slope
/// changes its sign.
/// </summary>
/// <remarks>Rows are summed in plain double, and the rows exactly, so the bits are the same on every machine.</remarks>
internal sealed class TemperatureFitter : IDisposable
{
    private const int MaxSteps = 200;
    private const double Farthest = 1e6;

    private readonly Batch _batch;
    private readonly SampleWeights _weights;
    private readonly long _samples;
    private readonly CancellationToken _cancellation;
    private readonly bool _isBinary;
    private readonly int _classes;
    private readonly double[] _bias;
    private readonly WorkMemory _memory;
    private readonly ExactSum _slope = new(), _curvature = new();
    private Batch _window;
    private readonly BinaryTarget _target;
    private TargetRows? _labels;
    private int _label;

    /// <param name="batch">The batch, of logits with labels.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="isBinary">Whether every element is a sample: a row of two classes, of which the second has the logit 0.</param>
    /// <param name="cancellation">Stops between rows.</param>
    public TemperatureFitter(Batch batch, SampleWeights weights, bool isBinary, CancellationToken cancellation)
    {
        (_batch, _window, _weights, _isBinary, _cancellation) = (batch, batch, weights, isBinary, cancellation);
        _samples = isBinary ? batch.Predictions.Count : batch.Layout.Rows;
        _classes = isBinary ? 2 : batch.Layout.Classes;
        _target = new(batch.LabelForm, batch.LabelTemperature);
        _memory = new(4L * Lanes.Padded(_classes), batch.Memory);
        _memory.Span.Clear();
        _bias = batch.Options.Get(SharedOptions.LogitBias) ?? [];
        if (!isBinary) _bias.CopyTo(B);
    }

    private Span<double> Z => _memory.Span[..Lanes.Padded(_classes)];

    private Span<double> Y => _memory.Span.Slice(Lanes.Padded(_classes), Lanes.Padded(_classes));

    private Span<double> YLow => _memory.Span.Slice(2 * Lanes.Padded(_classes), Lanes.Padded(_classes));

    private Span<double> B => _memory.Span.Slice(3 * Lanes.Padded(_classes), Lanes.Padded(_classes));

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    /// <summary>The best temperature beside the metrics at that of the request.</summary>
    public TemperatureFit Fit(Metrics before)
    {
        var (crossEntropy, error) = (Mean(before), before.ExpectedCalibrationError);
        if (Find() is not { } inverse) return new(null, crossEntropy, null, error, null);
        var after = Tally(inverse);
        return new(1 / inverse, crossEntropy, Mean(after), error, after.ExpectedCalibrationError);
    }

    private static double? Mean(Metrics metrics) =>
        metrics.Totals.Weight == 0 ? null : metrics.Totals.CrossEntropy / metrics.Totals.Weight;

    /// <summary>The β with slope 0; null where there is none.</summary>
    private double? Find()
    {
        // where every label is the largest logit, the cross-entropy falls without end
        var isAllRight = true;
        if (!ForEach(_ => isAllRight &= Expect().Logit == 0) || isAllRight) return null;
        var (inverse, low, high) = (1.0, 0.0, double.PositiveInfinity);
        for (var step = 0; step < MaxSteps; step++)
        {
            if (!TryDerive(inverse)) return null;
            var (slope, curvature) = (_slope.Round(), _curvature.Round());
            if (slope == 0) return curvature == 0 ? null : inverse;
            if (slope > 0) high = inverse;
            else low = inverse;
            var next = Math.Clamp(inverse - slope / curvature, inverse / 8, inverse * 8);
            if (!(next > low && next < high)) next = double.IsInfinity(high) ? 2 * inverse : (low + high) / 2;
            if (Math.Abs(next - inverse) <= inverse * double.ScaleB(1, -51)) return next;
            inverse = next;
            if (inverse is > Farthest or < 1 / Farthest) return null;
        }
        return inverse;
    }

    /// <summary>Sums slope and curvature at β; false where the cross-entropy is infinite, or an infinite logit is certain.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryDerive(double inverse)
    {
        _slope.Clear();
        _curvature.Clear();
        return ForEach(i =>
        {
            var (sum, first, second) = (Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero);
            var largest = FindLargest(inverse).Exponent;
            for (var c = 0; c < Z.Length; c += Lanes.Width)
            {
                var z = Vector256.Create((ReadOnlySpan<double>)Z[c..]);
                var e = Exp(c, inverse, largest);
                sum += e;
                // a class at −∞ has e = 0
                var product = Vector256.AndNot(e * z, Vector256.Equals(e, Vector256<double>.Zero));
                first += product;
                second += Vector256.AndNot(product * z, Vector256.Equals(e, Vector256<double>.Zero));
            }
            var mean = Vector256.Sum(first) / Vector256.Sum(sum);
            var variance = Vector256.Sum(second) / Vector256.Sum(sum) - mean * mean;
            var (weight, expected) = Expect();
            _slope.AddProduct(_weights[i], weight * mean - expected);
            _curvature.AddProduct(_weights[i], weight * Math.Max(variance, 0));
        });
    }

    /// <summary>The metrics at β.</summary>
    private Metrics Tally(double inverse)
    {
        var calibration = _batch.Options.Get(SharedOptions.Calibration);
        var isPositive = _isBinary && calibration == SharedOptions.CalibrationPositive;
        var tally = new MetricsSum([], _batch.Options.Get(SharedOptions.Bins), null, null);
        ForEach(i =>
        {
            var (best, largest) = FindLargest(inverse);
            var sum = Vector256<double>.Zero;
            for (var c = 0; c < Z.Length; c += Lanes.Width) sum += Exp(c, inverse, largest);
            var total = Vector256.Sum(sum);
            var (weight, expected) = Expect();
            var logSum = Dd.Log(new Dd(total)).ToScalar() + largest;
            tally.Add(_weights[i], new Dd(weight * logSum - inverse * expected - ExpectBias()), false, 0);
            if (isPositive) tally.AddToBin(_weights[i], Exp(0, inverse, largest).ToScalar() / total, Y[0]);
            else tally.AddToBin(_weights[i], 1 / total, best == _label ? 1 : 0);
        });
        return tally.Conclude();
    }

    /// <summary>Reads every sample with weight and visits it; false, and no further, where one has no finite terms.</summary>
    private bool ForEach(Action<long> visit)
    {
        if (_isBinary || _batch.Layout.IsLast) return Visit(_batch, 0, _samples, visit);
        var layout = _batch.Layout;
        using var none = new Scores(OutputSet.None, _batch.StoredDType, layout.Samples, _batch.Predictions.Shape, null);
        using var windows = new WindowedBatch(_batch, none);
        int count;
        for (long first = 0; first < _samples; first += count)
        {
            count = (int)long.Min(windows.Rows, _samples - first);
            if (!Visit(windows.Read(first, count).Batch, first, first + count, visit)) return false;
        }
        return true;
    }

    private bool Visit(Batch window, long start, long end, Action<long> visit)
    {
        _window = window;
        if (!_isBinary) _labels = PostedTargets.Create(window, window.Labels!, window.Predictions.Shape);
        for (var i = start; i < end; i++)
        {
            if (i % 64 == 0) _cancellation.ThrowIfCancellationRequested();
            if (!_weights.Kept.Contains(i) || _weights[i] == 0) continue;
            if (!Read(i)) return false;
            visit(i);
        }
        return true;
    }

    /// <summary>
    /// The class with the largest z·β + b, and that. Of equal classes it is the first; of the two of an element, the second.
    /// </summary>
    private (int Class, double Exponent) FindLargest(double inverse)
    {
        if (_bias.Length == 0) return (_isBinary && Z[1] == 0 ? 1 : Z.IndexOf(0.0), 0);
        var (best, largest) = (0, Z[0] * inverse + B[0]);
        for (var c = 1; c < _classes; c++)
        {
            var exponent = Z[c] * inverse + B[c];
            if (exponent > largest || (_isBinary && exponent == largest)) (best, largest) = (c, exponent);
        }
        return (best, largest);
    }

    /// <summary>Reads the label of a sample, and its logits less their largest; false where a limit would be to be taken.</summary>
    private bool Read(long sample)
    {
        var z = Z[.._classes];
        var y = Y[.._classes];
        if (_labels is null)
        {
            _window.Predictions.Read(sample, z[..1]);
            _window.Labels!.Read(sample, y[..1]);
            // of an element, a logit of 0 and a label of a half are the second class
            _label = _target.IsPositive(y[0]) ? 0 : 1;
            z[1] = 0;
            (y[0], y[1]) = Distribute(y[0]);
            if (_bias.Length > 0) B[0] = _bias[sample % _bias.Length];
        }
        else
        {
            _window.Predictions.Read(sample * _classes, z);
            var hard = _labels.ReadPlain(sample, new(Y, YLow)).Hard;
            _label = _labels.FindLabel(sample, hard, y);
        }
        var max = z[Ranking.FindMax(z)];
        if (double.IsInfinity(max)) return false;
        for (var c = 0; c < z.Length; c++)
        {
            z[c] -= max;
            if (y[c] > 0 && double.IsInfinity(z[c])) return false;
        }
        Z[_classes..].Fill(double.NegativeInfinity);
        return true;
    }

    /// <summary>t and 1 − t of the label of an element.</summary>
    private (double T, double U) Distribute(double posted)
    {
        if (!_target.IsTeacher) return (posted, 1 - posted);
        var (t, u) = _target.Read(Vector256.Create(posted));
        return (t.ToScalar(), u.ToScalar());
    }

    /// <summary>Σ_c y_c, and Σ_c y_c·z_c.</summary>
    private (double Weight, double Logit) Expect()
    {
        var (weight, logit) = (0.0, 0.0);
        for (var c = 0; c < _classes; c++)
        {
            if (Y[c] == 0) continue;
            weight += Y[c];
            logit += Y[c] * Z[c];
        }
        return (weight, logit);
    }

    /// <summary>Σ_c y_c·b_c.</summary>
    private double ExpectBias()
    {
        var bias = 0.0;
        for (var c = 0; c < _classes && _bias.Length > 0; c++) bias += Y[c] * B[c];
        return bias;
    }

    /// <summary>e^(z·β + b − largest) of four classes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector256<double> Exp(int c, double inverse, double largest)
    {
        var z = Vector256.Create((ReadOnlySpan<double>)Z[c..]);
        var product = z * Vector256.Create(inverse);
        var low = Vector256.FusedMultiplyAdd(z, Vector256.Create(inverse), -product);
        if (_bias.Length == 0) return VectorMath.Exp(product, low);
        // of a class at −∞, what rounding took is no number
        low &= Vector256.LessThan(Vector256.Abs(low), Vector256.Create(double.PositiveInfinity));
        var sum = Dd.Sum(product, Vector256.Create((ReadOnlySpan<double>)B[c..])) - Vector256.Create(largest) + low;
        return VectorMath.Exp(sum.Hi, sum.Lo);
    }
}
