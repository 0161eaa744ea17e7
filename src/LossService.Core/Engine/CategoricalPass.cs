using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Batches;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>
/// The one row loop of every categorical loss:
/// read a row → link (log p, p) → target (smoothed) → formula (value, derivatives) → link (gradient) → write.
/// </summary>
/// <remarks>
/// A row's results depend on that row and the options only, and sums are exact. So the bits are the same for any order of rows, number
/// of threads and batch.
/// </remarks>
internal sealed class CategoricalPass
{
    /// <summary>What depends on the predictions alone.</summary>
    private const OutputSet DescriptiveOutputs =
        OutputSet.Probabilities | OutputSet.LogProbabilities | OutputSet.Entropy | OutputSet.Predictions;

    private readonly Batch _batch;
    private readonly CategoricalFormula _formula;
    private readonly CategoricalLink _link;
    private readonly TargetRows? _labels;
    private readonly int _classes;
    private readonly double[] _classWeight = [];
    private readonly bool _weighsSamples;
    private readonly double _smoothing;
    private readonly Dd _unit = Dd.One;
    private readonly SoftmaxPlan _plan;
    private readonly bool _needsRow;

    public CategoricalPass(Batch batch, CategoricalFormula formula, ClassWeighting weighting)
    {
        _batch = batch;
        var (predictions, options) = (batch.Predictions, batch.Options);
        _classes = predictions.Shape.Last;
        Rows = predictions.Rows;
        _formula = formula;
        var normalizes = options.Get(SharedOptions.Normalize);
        _link = CategoricalLink.Create(
            batch.Form, options.Get(SharedOptions.Temperature), options.Get(SharedOptions.Clip), normalizes);
        _smoothing = options.Get(SharedOptions.LabelSmoothing);
        // outputs that the kernel does not compute come from the row; loss and gradient stay the kernel's
        _needsRow = batch.Wants(DescriptiveOutputs | OutputSet.Metrics);
        if (batch.Unit == Unit.Bits) _unit = Dd.One / Dd.Ln2;

        if (batch.Labels is { } labels) _labels = new TargetRows(labels, predictions.Shape, normalizes);
        Func<long, double>? weightOf = null;
        if (options.Get(SharedOptions.ClassWeight) is { } classWeight)
        {
            // an empty batch may not say how many classes there are
            _classWeight = new double[DdRow.Padded(Math.Max(_classes, classWeight.Length))];
            classWeight.CopyTo(_classWeight, 0);
            _weighsSamples = weighting == ClassWeighting.PerSample;
            var row = new double[_classes];
            weightOf = sample => WeightOf(_labels!.Read(sample, row), row);
        }
        Weights = new(batch, Rows, weightOf);
        _plan = new(batch, formula, _classWeight, _unit);
        Scores = new(batch.Asked, batch.StoredDType, predictions.Shape.WithoutLast(), predictions.Shape);
    }

    /// <summary>The number of rows.</summary>
    public long Rows { get; }

    /// <summary>The kept rows and their weights.</summary>
    public SampleWeights Weights { get; }

    /// <summary>The results.</summary>
    public Scores Scores { get; }

    /// <summary>Makes an empty sum of the metrics that the batch asks for.</summary>
    public MetricsSum NewTally() =>
        new(_batch.Options.Get(SharedOptions.TopK) ?? [], _batch.Options.Get(SharedOptions.Bins));

    /// <summary>Scores the rows from <paramref name="start"/> to before <paramref name="end"/>, adding to the sums.</summary>
    public void Run(long start, long end, ExactSum sum, MetricsSum? tally, CancellationToken cancellation)
    {
        if (start == end) return;
        CategoricalScratch? scratch = null;
        using var hard = _plan.TakesClasses ? _plan.NewRows(Weights, Scores, hasRows: false) : null;
        using var soft = _plan.TakesRows ? _plan.NewRows(Weights, Scores, hasRows: true) : null;
        var target = hard is not null && soft is null && _labels!.AreDense ? new double[_classes] : [];
        for (var row = start; row < end; row++)
        {
            if ((row & 63) == 0) cancellation.ThrowIfCancellationRequested();
            if (!Weights.Kept.Contains(row))
            {
                SkipRow(row, scratch ??= new(_classes));
                continue;
            }
            var y = hard is null ? TargetRows.Soft : _labels!.TrueClass(row, soft is null ? target : soft.Target);
            var isScored = true;
            if (y >= 0) hard!.Add(row, y, sum);
            else if (soft is not null) soft.AddSoft(row, sum);
            else isScored = false;
            if (isScored && !_needsRow) continue;
            ScoreRow(row, scratch ??= new(_classes), isScored ? null : sum, tally, writesGradient: !isScored);
        }
        Finish(hard, sum, ref scratch);
        Finish(soft, sum, ref scratch);
        scratch?.Dispose();
    }

    /// <summary>Scores the last rows of a kernel, and by the formula those that it has left.</summary>
    private void Finish(ISoftmaxRows? kernel, ExactSum sum, ref CategoricalScratch? scratch)
    {
        kernel?.Flush(sum);
        foreach (var row in kernel?.Declined ?? []) ScoreRow(row, scratch ??= new(_classes), sum, null, writesGradient: true);
        foreach (var row in kernel?.WithoutGradient ?? []) ScoreRow(row, scratch ??= new(_classes), null, null, writesGradient: true);
    }

    /// <summary>Scores a row by the formula; <paramref name="sum"/> is null where the kernel has its loss.</summary>
    private void ScoreRow(long index, CategoricalScratch scratch, ExactSum? sum, MetricsSum? tally, bool writesGradient)
    {
        var y = scratch.Y;
        ReadPredictions(index, scratch.Z);
        var hard = TargetRows.Soft;
        if (_labels is not null) hard = _labels.Read(index, y[.._classes]);
        y[_classes..].Clear();

        var row = scratch.Row(
            _smoothing == 0 ? hard : TargetRows.Soft,
            _batch.Form == PredictionForm.Logits,
            hard >= 0 || _labels is null ? Dd.Zero : Surplus(y),
            _weighsSamples ? [] : _classWeight);
        if (_labels is not null) Smooth(y, row.T);
        var logSumExp = NeedsDistribution ? _link.Fill(row) : default;
        var value = _formula.Score(row);
        var weight = new Dd(Weights[index]);
        if (_weighsSamples) weight *= new Dd(WeightOf(hard, y[.._classes]));
        var logSumExpDerivative = Dd.Zero;
        if (_formula.LogSumExpSquared is > 0 and var squared)
        {
            var factor = GetLogSumExpFactor(hard, y[.._classes]) * new Dd(squared);
            value += TimesOrZero(factor, Dd.Square(logSumExp));
            logSumExpDerivative = TimesOrZero(factor, logSumExp + logSumExp);
        }
        var scale = weight * _unit;
        if (tally is not null) Tally(tally, index, hard, row, y[.._classes]);
        WriteSample(index, row);
        if (sum is not null)
        {
            value = weight.ToScalar() == 0 ? Dd.Zero : value * scale;
            sum.Add(value.ToScalar());
            sum.Add(value.Lo[0]);
            Scores.Losses?.Write(index, [value.ToScalar()]);
        }
        if (writesGradient && Scores.Gradient is { } gradient) WriteGradient(gradient, index, row, logSumExpDerivative, scale, scratch.Result);
    }

    private void ReadPredictions(long index, Span<double> z)
    {
        _batch.Predictions.Read(index * _classes, z[.._classes]);
        z[_classes..].Fill(_batch.Form == PredictionForm.Probabilities ? 0 : double.NegativeInfinity);
    }

    private bool NeedsDistribution => !_formula.IsOnLogits
        || _batch.Wants(OutputSet.Probabilities | OutputSet.LogProbabilities | OutputSet.Entropy | OutputSet.Metrics);

    /// <summary>t = y(1 − α) + α/K for the classes, 0 for the padding.</summary>
    private void Smooth(ReadOnlySpan<double> y, DdRow target)
    {
        y.CopyTo(target.Hi);
        target.Lo.Clear();
        if (_smoothing == 0) return;
        var keep = Dd.One - new Dd(_smoothing);
        var spread = new Dd(_smoothing) / new Dd(_classes);
        for (var c = 0; c < target.Length; c += DdRow.Width) target.Store(c, target[c] * keep + spread);
        target.Hi[_classes..].Clear();
        target.Lo[_classes..].Clear();
    }

    /// <summary>(Σt − 1)(1 − α) of a dense row: the error of its rounding, after smoothing.</summary>
    private Dd Surplus(ReadOnlySpan<double> y)
    {
        var sum = Dd.Zero;
        for (var c = 0; c < y.Length; c += DdRow.Width)
            sum += Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(y), (nuint)c);
        return (Dd.SumOfLanes(sum) - Dd.One) * (Dd.One - new Dd(_smoothing));
    }

    /// <summary>
    /// What the term of logsumexp is multiplied by: the sample's class weight, unless the whole value is; and 1/unit, since the value is
    /// converted to the unit and this term is no amount of information.
    /// </summary>
    private Dd GetLogSumExpFactor(int hard, ReadOnlySpan<double> y)
    {
        var factor = _classWeight.Length == 0 || _weighsSamples ? Dd.One : new Dd(WeightOf(hard, y));
        return _batch.Unit == Unit.Bits ? factor * Dd.Ln2 : factor;
    }

    private static Dd TimesOrZero(Dd factor, Dd value) => Dd.Select(factor.IsZero, Dd.Zero, factor * value);

    /// <summary>Σ_c class_weight_c·y_c / Σ_c y_c: what rounding took from Σy takes nothing from a uniform weight.</summary>
    private double WeightOf(int hard, ReadOnlySpan<double> y)
    {
        if (hard >= 0) return _classWeight[hard];
        var (sum, total) = (new ExactSum(), new ExactSum());
        for (var c = 0; c < y.Length; c++)
        {
            sum.AddProduct(_classWeight[c], y[c]);
            total.Add(y[c]);
        }
        return sum.Round() / total.Round();
    }

    private void WriteSample(long index, in CategoricalRow row)
    {
        Scores.Probabilities?.Write(index * _classes, row.P.Hi[.._classes]);
        Scores.LogProbabilities?.Write(index * _classes, row.LogP.Hi[.._classes]);
        if (Scores.Entropy is { } entropy)
        {
            var sum = Dd.Zero;
            for (var c = 0; c < row.P.Length; c += DdRow.Width)
                sum -= Dd.XLogY(row.P[c], row.LogP[c]);
            Span<double> value = [(Dd.SumOfLanes(sum) * _unit).ToScalar()];
            ResultNaN.Unify(value);
            entropy.Write(index, value);
        }
        Scores.Predictions?.Write(index, [Ranking.FindMax(row.Z[.._classes])]);
    }

    private void WriteGradient(Tensor gradient, long index, in CategoricalRow row, Dd logSumExpDerivative, Dd scale, Span<double> result)
    {
        if (Weights.IsNothing || scale.ToScalar() == 0)
        {
            gradient.Clear(index * _classes, _classes);
            return;
        }
        scale /= new Dd(Weights.Divisor);
        if (_formula.IsOnLogits)
        {
            for (var c = 0; c < row.LogPDerivative.Length; c += DdRow.Width)
                (row.LogPDerivative[c] * scale).Round().CopyTo(result[c..]);
        }
        else
        {
            _link.Backward(row, scale, logSumExpDerivative, result);
        }
        gradient.Write(index * _classes, result[.._classes]);
    }

    private void Tally(MetricsSum tally, long index, int hard, in CategoricalRow row, ReadOnlySpan<double> y)
    {
        var crossEntropy = Dd.Zero;
        for (var c = 0; c < row.P.Length; c += DdRow.Width)
        {
            var t = new Dd(Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(y), (nuint)c));
            crossEntropy -= Dd.XLogY(t, row.LogP[c]);
        }
        var label = hard >= 0 ? hard : Ranking.FindMax(y);
        var best = Ranking.FindMax(row.Z[.._classes]);
        tally.Add(Weights[index], Dd.SumOfLanes(crossEntropy), best == label, Ranking.CountBefore(row.Z[.._classes], label));
        tally.AddToBin(Weights[index], row.P.Hi[best], best == label ? 1 : 0);
    }

    /// <summary>
    /// Writes a row that is not kept: loss and gradient 0. An ignored row has the outputs that depend on the predictions alone, which
    /// nothing has validated; a masked row has NaN instead, and so has a row of logits without a softmax.
    /// </summary>
    private void SkipRow(long index, CategoricalScratch scratch)
    {
        Scores.Losses?.Clear(index, 1);
        Scores.Gradient?.Clear(index * _classes, _classes);
        if (!_batch.Wants(DescriptiveOutputs)) return;
        var z = scratch.Z;
        var isMasked = Weights.Kept.IsMasked(index);
        if (isMasked) z.Fill(double.NaN);
        else ReadPredictions(index, z);
        var row = scratch.Row(TargetRows.Soft, _batch.Form == PredictionForm.Logits, Dd.Zero, []);
        if (isMasked || (_batch.Form == PredictionForm.Logits && !HasSoftmax(z))) row.FillDistribution(double.NaN);
        else if (NeedsDistribution) _link.Fill(row);
        ResultNaN.Unify(row.P.Hi);
        ResultNaN.Unify(row.LogP.Hi);
        WriteSample(index, row);
        if (ResultNaN.IsIn(z)) Scores.Predictions?.Write(index, [-1]);
    }

    private static bool HasSoftmax(ReadOnlySpan<double> z) => !ResultNaN.IsIn(z)
        && z.Count(double.PositiveInfinity) <= 1 && z.IndexOfAnyExcept(double.NegativeInfinity) >= 0;
}
