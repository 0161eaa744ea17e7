using System.Runtime.CompilerServices;
using LossService.Core.Batches;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;

namespace LossService.Core.Engine;

/// <summary>
/// Scores single rows by the formula, in the first arithmetic that has the digits of the results: plain double, sums of two doubles,
/// double-double.
/// </summary>
internal sealed class CategoricalScorer : IDisposable
{
    /// <summary>What depends on the predictions alone.</summary>
    public const OutputSet DescriptiveOutputs =
        OutputSet.Probabilities | OutputSet.LogProbabilities | OutputSet.Entropy | OutputSet.Predictions;

    private const RowWork Reduced = RowWork.Loss | RowWork.Gradient;

    private readonly Batch _batch;
    private readonly TargetRows? _labels;
    private readonly SampleWeights _weights;
    private readonly Scores _scores;
    private readonly int _classes;
    private readonly RowOutputs _outputs;
    private readonly ExactScorer _exact;
    private readonly PlainTargets _targets;
    private readonly PlainScorer? _plain;
    private readonly PlainColumns? _columns;
    private readonly ClassSumScorer? _sums;
    private readonly WideScorer? _wide;
    private readonly WideColumns? _wideColumns;

    public CategoricalScorer(Batch batch, CategoricalFormula formula, TargetRows? labels, ClassWeights classWeights, bool weighsSamples,
        SampleWeights weights, Scores scores)
    {
        (_batch, _labels, _weights, _scores) = (batch, labels, weights, scores);
        _classes = batch.Predictions.Shape.Last;
        _outputs = new(batch, labels, weights, scores);
        var losses = new RowLosses(batch, weights, weighsSamples ? classWeights : new(null, _classes), scores);
        var classWeight = weighsSamples ? [] : classWeights.Padded;
        var logSumExp = new LogSumExpTerm(batch, formula.LogSumExpSquared, weighsSamples ? new(null, _classes) : classWeights);
        _exact = new(batch, formula, labels, classWeight, logSumExp, losses, _outputs, scores);
        _targets = new(batch, formula, labels);
        if (PlainScorer.Serves(batch, formula))
        {
            var plainWeight = formula.GetWeights(classWeight);
            _plain = new(batch, formula, _targets, plainWeight, losses, _outputs, scores);
            if (PlainColumns.Serves(batch, formula)) _columns = new(batch, formula, _targets, plainWeight, losses, scores);
            if (ClassSumScorer.Serves(batch, formula)) _sums = new(batch, formula, _targets, plainWeight, weights, losses, scores);
        }
        else if (WideColumns.Serves(batch, formula, labels))
        {
            _wideColumns = new(batch, formula, labels, classWeight, logSumExp, losses, scores);
        }
        if (WideScorer.Serves(batch, formula)) _wide = new(batch, formula, labels, classWeight, logSumExp, losses, _outputs, scores);
    }

    /// <summary>Does the work on a row, adding to the sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Score(long index, RowWork work, CategoricalScratch scratch, ExactSum sum, MetricsSum? tally)
    {
        if (_columns is not null && (work & Reduced) != 0 && _columns.TryAdd(index, work & Reduced, scratch))
        {
            if (_columns.AreFull) Flush(scratch, sum);
            work &= ~Reduced;
            if (work == RowWork.None) return;
        }
        if (_wideColumns is not null && (work & Reduced) != 0 && _wideColumns.TryAdd(index, work & Reduced, scratch, out var full))
        {
            if (full is not null) Flush(full, scratch, sum);
            work &= ~Reduced;
            if (work == RowWork.None) return;
        }
        ScoreOne(index, work, scratch, sum, tally);
    }

    // a method of its own: its many locals would cost each row that is only added to others
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void ScoreOne(long index, RowWork work, CategoricalScratch scratch, ExactSum sum, MetricsSum? tally)
    {
        var left = RowWork.None;
        if (_sums is not null && (work & (Reduced | RowWork.Metrics)) != 0)
        {
            left = _sums.Score(index, work & (Reduced | RowWork.Metrics), scratch, sum, tally);
            work = (work & ~(Reduced | RowWork.Metrics)) | (left & RowWork.Metrics);
            left &= Reduced;
            if ((work | left) == RowWork.None) return;
        }
        ReadPredictions(index, scratch.Z);
        var target = new RowTarget(TargetRows.Soft);
        if (_plain is not null)
        {
            target = _targets.Read(index, scratch);
            if (work != RowWork.None) left |= _plain.Score(index, work, target, scratch, sum, tally);
            work = left;
            if (work == RowWork.None) return;
            if (_plain.ReplacesLogits) ReadPredictions(index, scratch.Z);
        }
        ScoreRest(index, work, target, scratch, sum, tally);
    }

    /// <summary>Scores the rows that wait for others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Flush(CategoricalScratch scratch, ExactSum sum)
    {
        while (_columns is { AreNone: false })
        {
            foreach (var (index, work) in _columns.Flush(scratch, sum))
            {
                ReadPredictions(index, scratch.Z);
                ScoreRest(index, work, _targets.Read(index, scratch), scratch, sum, tally: null);
            }
        }
        while (_wideColumns?.FindWaiting() is { } waiting) Flush(waiting, scratch, sum);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _columns?.Dispose();
        _wideColumns?.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Flush(WideQueue rows, CategoricalScratch scratch, ExactSum sum)
    {
        foreach (var (index, work) in rows.Flush(sum))
        {
            ReadPredictions(index, scratch.Z);
            var target = _labels is null ? new RowTarget(TargetRows.Soft) : _labels.Read(index, scratch.Target);
            _exact.Score(index, work, target, scratch, sum, tally: null);
        }
    }

    /// <summary>Does the work that plain double left on a row whose predictions have been read, and its target for that.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ScoreRest(
        long index, RowWork work, RowTarget target, CategoricalScratch scratch, ExactSum sum, MetricsSum? tally)
    {
        if (_wide is not null)
        {
            if (_labels is not null && (_plain is null || target.IsPlain)) target = _labels.ReadWide(index, scratch.Target);
            work = _wide.Score(index, work, target, scratch, sum, tally);
            if (work == RowWork.None) return;
            if (_wide.ReplacesLogits) ReadPredictions(index, scratch.Z);
        }
        if (_labels is not null && ((_plain is null && _wide is null) || target.IsPlain || target.IsWide))
            target = _labels.Read(index, scratch.Target);
        _exact.Score(index, work, target, scratch, sum, tally);
    }

    /// <summary>
    /// Writes a row that is not kept: loss and gradient 0. An ignored row has the outputs that depend on the predictions alone, which
    /// nothing has validated; a masked row has NaN instead, and so has a row of logits without a softmax.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Skip(long index, CategoricalScratch scratch)
    {
        _scores.Losses?.Clear(index, 1);
        _scores.Gradient?.Clear(index * _classes, _classes);
        _scores.Hessian?.Clear(index * _classes, _classes);
        if (!_batch.Wants(DescriptiveOutputs)) return;
        var z = scratch.Z;
        var isMasked = _weights.Kept.IsMasked(index);
        if (isMasked) z.Fill(double.NaN);
        else ReadPredictions(index, z);
        var row = scratch.Row(TargetRows.Soft, _batch.Form == PredictionForm.Logits, Dd.Zero, []);
        if (isMasked || (_batch.Form == PredictionForm.Logits && !HasSoftmax(z))) row.FillDistribution(double.NaN);
        else _exact.Describe(row);
        ResultNaN.Unify(row.P.Hi);
        ResultNaN.Unify(row.LogP.Hi);
        _outputs.Write(index, row);
        if (ResultNaN.IsIn(z)) _scores.Predictions?.Write(index, [-1]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ReadPredictions(long index, Span<double> z)
    {
        _batch.Predictions.Read(index * _classes, z[.._classes]);
        z[_classes..].Fill(_batch.Form == PredictionForm.Probabilities ? 0 : double.NegativeInfinity);
    }

    private static bool HasSoftmax(ReadOnlySpan<double> z) => !ResultNaN.IsIn(z)
        && z.Count(double.PositiveInfinity) <= 1 && z.IndexOfAnyExcept(double.NegativeInfinity) >= 0;
}
