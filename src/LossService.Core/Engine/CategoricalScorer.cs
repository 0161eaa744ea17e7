using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Batches;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>
/// Scores single rows by the formula: read a row → link (log p, p) → target (smoothed) → formula (value, derivatives) → link
/// (gradient) → write. In plain double where that has the digits of the results, else in double-double: the row alone decides.
/// </summary>
internal sealed class CategoricalScorer
{
    /// <summary>What depends on the predictions alone.</summary>
    public const OutputSet DescriptiveOutputs =
        OutputSet.Probabilities | OutputSet.LogProbabilities | OutputSet.Entropy | OutputSet.Predictions;

    private readonly Batch _batch;
    private readonly CategoricalFormula _formula;
    private readonly TargetRows? _labels;
    private readonly ClassWeights _classWeights;
    private readonly bool _weighsSamples;
    private readonly SampleWeights _weights;
    private readonly Scores _scores;
    private readonly int _classes;
    private readonly Smoothing _smoothing;
    private readonly Dd _unit;
    private readonly ExactSteps _exact;
    private readonly PlainSteps? _plain;

    public CategoricalScorer(Batch batch, CategoricalFormula formula, TargetRows? labels, ClassWeights classWeights, bool weighsSamples,
        SampleWeights weights, Scores scores)
    {
        (_batch, _formula, _labels, _weights, _scores) = (batch, formula, labels, weights, scores);
        (_classWeights, _weighsSamples) = (classWeights, weighsSamples && !classWeights.AreOne);
        _classes = batch.Predictions.Shape.Last;
        var options = batch.Options;
        var temperature = options.Get(SharedOptions.Temperature);
        _smoothing = new(options.Get(SharedOptions.LabelSmoothing), _classes);
        _unit = batch.Unit == Unit.Bits ? Dd.One / Dd.Ln2 : Dd.One;
        var clip = options.Get(SharedOptions.Clip);
        var link = batch.Form == PredictionForm.Probabilities && options.Get(SharedOptions.Normalize)
            ? new NormalizedLink(clip)
            : CategoricalLink.Create(batch.Form, temperature, clip);
        _exact = new(link, formula);
        if (batch.UsesKernels && batch.StoredDType != DType.Float64 && batch.Form == PredictionForm.Logits && formula.IsGeneric
            && formula.LogSumExpSquared == 0)
            _plain = new(formula, temperature);
    }

    private bool NeedsDistribution => !_formula.IsOnLogits
        || _batch.Wants(OutputSet.Probabilities | OutputSet.LogProbabilities | OutputSet.Entropy | OutputSet.Metrics);

    /// <summary>Does the work on a row, adding to the sums.</summary>
    public void Score(long index, RowWork work, CategoricalScratch scratch, ExactSum sum, MetricsSum? tally)
    {
        ReadPredictions(index, scratch.Z);
        var hard = TargetRows.Soft;
        if (_labels is not null) hard = _labels.Read(index, scratch.Y[.._classes], scratch.YLow[.._classes]);
        scratch.Y[_classes..].Clear();
        scratch.YLow[_classes..].Clear();
        if (_plain is not null) work = Score(_plain, index, work, hard, scratch, sum, tally);
        if (work != RowWork.None) Score(_exact, index, work, hard, scratch, sum, tally);
    }

    /// <summary>
    /// Writes a row that is not kept: loss and gradient 0. An ignored row has the outputs that depend on the predictions alone, which
    /// nothing has validated; a masked row has NaN instead, and so has a row of logits without a softmax.
    /// </summary>
    public void Skip(long index, CategoricalScratch scratch)
    {
        _scores.Losses?.Clear(index, 1);
        _scores.Gradient?.Clear(index * _classes, _classes);
        if (!_batch.Wants(DescriptiveOutputs)) return;
        var z = scratch.Z;
        var isMasked = _weights.Kept.IsMasked(index);
        if (isMasked) z.Fill(double.NaN);
        else ReadPredictions(index, z);
        var row = scratch.Row(TargetRows.Soft, _batch.Form == PredictionForm.Logits, Dd.Zero, []);
        if (isMasked || (_batch.Form == PredictionForm.Logits && !HasSoftmax(z))) row.FillDistribution(double.NaN);
        else if (NeedsDistribution) _exact.Fill(row);
        ResultNaN.Unify(row.P.Hi);
        ResultNaN.Unify(row.LogP.Hi);
        WriteSample(index, row);
        if (ResultNaN.IsIn(z)) _scores.Predictions?.Write(index, [-1]);
    }

    /// <summary>Does the work on a row in one arithmetic, and returns what this does not have the digits for.</summary>
    private RowWork Score<TNumber>(IRowSteps<TNumber> steps, long index, RowWork work, int hard, CategoricalScratch scratch,
        ExactSum sum, MetricsSum? tally) where TNumber : struct, IArithmetic<TNumber>
    {
        var row = scratch.Row(
            _smoothing.IsNone ? hard : TargetRows.Soft,
            _batch.Form == PredictionForm.Logits,
            hard >= 0 || !_formula.NeedsSurplus ? TNumber.Zero : Of<TNumber>(_smoothing.GetSurplus(new(scratch.Y, scratch.YLow))),
            _weighsSamples ? [] : _classWeights.Padded) with
        { HasExactTarget = _smoothing.IsNone && scratch.YLow.IndexOfAnyExcept(0.0) < 0 };
        if (_labels is not null) _smoothing.Apply(new(scratch.Y, scratch.YLow), row.T);
        var logSumExp = NeedsDistribution ? steps.Fill(row) : TNumber.Zero;
        // limits are for double-double
        if (!TNumber.HasRest && !double.IsFinite(logSumExp.Round().ToScalar())) return work;
        if ((work & RowWork.Description) != 0) WriteSample(index, row);
        if ((work & RowWork.Metrics) != 0 && tally is not null) Tally(tally, index, hard, row, scratch.Y[.._classes]);
        return (work & (RowWork.Loss | RowWork.Gradient)) == 0
            ? RowWork.None
            : Score(steps, index, work, hard, row, logSumExp, scratch, sum);
    }

    private RowWork Score<TNumber>(IRowSteps<TNumber> steps, long index, RowWork work, int hard, in CategoricalRow<TNumber> row,
        TNumber logSumExp, CategoricalScratch scratch, ExactSum sum) where TNumber : struct, IArithmetic<TNumber>
    {
        var value = steps.Score(row, out var hasDigits);
        if (!hasDigits) return work & (RowWork.Loss | RowWork.Gradient);
        var weight = new Dd(_weights[index]);
        if (_weighsSamples) weight *= new Dd(_classWeights.Of(hard, scratch.Y));
        var logSumExpDerivative = TNumber.Zero;
        if (_formula.LogSumExpSquared > 0)
        {
            var factor = Of<TNumber>(GetLogSumExpFactor(hard, scratch.Y));
            value += TimesOrZero(factor, TNumber.Square(logSumExp));
            logSumExpDerivative = TimesOrZero(factor, logSumExp + logSumExp);
        }
        var scale = weight * _unit;
        if ((work & RowWork.Loss) != 0)
        {
            // overflows as it should
            var loss = weight.ToScalar() == 0 ? Dd.Zero : new Dd(value.Round(), value.Rest()) * scale;
            sum.Add(loss.ToScalar());
            sum.Add(loss.Lo[0]);
            _scores.Losses?.Write(index, [loss.ToScalar()]);
        }
        if ((work & RowWork.Gradient) == 0 || _scores.Gradient is not { } gradient) return RowWork.None;
        if (!TryFindGradient(steps, row, Of<TNumber>(scale / new Dd(_weights.Divisor)), logSumExpDerivative, scratch.Result))
            return RowWork.Gradient;
        gradient.Write(index * _classes, scratch.Result[.._classes]);
        return RowWork.None;
    }

    private bool TryFindGradient<TNumber>(
        IRowSteps<TNumber> steps, in CategoricalRow<TNumber> row, TNumber scale, TNumber logSumExpDerivative, Span<double> result)
        where TNumber : struct, IArithmetic<TNumber>
    {
        if (_weights.IsNothing || scale.Round().ToScalar() == 0)
        {
            result.Clear();
            return true;
        }
        if (!_formula.IsOnLogits) return steps.Backward(row, scale, logSumExpDerivative, result);
        for (var c = 0; c < row.LogPDerivative.Length; c += VectorMath.Width)
            (row.LogPDerivative[c] * scale).Round().CopyTo(result[c..]);
        return true;
    }

    private void ReadPredictions(long index, Span<double> z)
    {
        _batch.Predictions.Read(index * _classes, z[.._classes]);
        z[_classes..].Fill(_batch.Form == PredictionForm.Probabilities ? 0 : double.NegativeInfinity);
    }

    /// <summary>
    /// What logsumexp² is multiplied by: ζ and the sample's class weight, unless the whole value is; and 1/unit, since the value is
    /// converted to the unit and this term is no amount of information.
    /// </summary>
    private Dd GetLogSumExpFactor(int hard, ReadOnlySpan<double> y)
    {
        var factor = new Dd(_formula.LogSumExpSquared);
        if (!_classWeights.AreOne && !_weighsSamples) factor *= new Dd(_classWeights.Of(hard, y));
        return _batch.Unit == Unit.Bits ? factor * Dd.Ln2 : factor;
    }

    private static TNumber TimesOrZero<TNumber>(TNumber factor, TNumber value) where TNumber : struct, IArithmetic<TNumber> =>
        TNumber.Select(factor.IsZero, TNumber.Zero, factor * value);

    private static TNumber Of<TNumber>(Dd x) where TNumber : struct, IArithmetic<TNumber> => TNumber.Of(x.Hi, x.Lo);

    private void WriteSample<TNumber>(long index, in CategoricalRow<TNumber> row) where TNumber : struct, IArithmetic<TNumber>
    {
        _scores.Probabilities?.Write(index * _classes, row.P.Hi[.._classes]);
        _scores.LogProbabilities?.Write(index * _classes, row.LogP.Hi[.._classes]);
        if (_scores.Entropy is { } entropy)
        {
            var sum = TNumber.Zero;
            for (var c = 0; c < row.P.Length; c += VectorMath.Width)
                sum -= TNumber.XLogY(row.P[c], row.LogP[c]);
            Span<double> value = [(NumberRow<TNumber>.SumOfLanes(sum) * Of<TNumber>(_unit)).Round().ToScalar()];
            ResultNaN.Unify(value);
            entropy.Write(index, value);
        }
        _scores.Predictions?.Write(index, [Ranking.FindMax(row.Z[.._classes])]);
    }

    private void Tally<TNumber>(MetricsSum tally, long index, int hard, in CategoricalRow<TNumber> row, ReadOnlySpan<double> y)
        where TNumber : struct, IArithmetic<TNumber>
    {
        var crossEntropy = TNumber.Zero;
        for (var c = 0; c < row.P.Length; c += VectorMath.Width)
        {
            var t = TNumber.Of(Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(y), (nuint)c));
            crossEntropy -= TNumber.XLogY(t, row.LogP[c]);
        }
        var label = hard >= 0 ? hard : Ranking.FindMax(y);
        var best = Ranking.FindMax(row.Z[.._classes]);
        crossEntropy = NumberRow<TNumber>.SumOfLanes(crossEntropy);
        tally.Add(_weights[index], new Dd(crossEntropy.Round(), crossEntropy.Rest()), best == label,
            Ranking.CountBefore(row.Z[.._classes], label));
        tally.AddToBin(_weights[index], row.P.Hi[best], best == label ? 1 : 0);
    }

    private static bool HasSoftmax(ReadOnlySpan<double> z) => !ResultNaN.IsIn(z)
        && z.Count(double.PositiveInfinity) <= 1 && z.IndexOfAnyExcept(double.NegativeInfinity) >= 0;
}
