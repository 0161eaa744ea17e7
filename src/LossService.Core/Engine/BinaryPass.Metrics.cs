using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Batches;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <content>What is counted for metrics of a block whose probabilities are in the scratch.</content>
internal sealed unsafe partial class BinaryPass<TFormula>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Tally(MetricsSum tally, long block, int count, BinaryScratch scratch)
    {
        if (_hasLikelihoods)
        {
            var scores = _elementScores.AreNeeded ? new LogisticScores(scratch.Score, scratch.ScoreError) : default;
            // a positive score and label 0: elements after the last are no hits
            for (var i = count; i % Lanes.Most != 0; i++) (scratch.Score[i], scratch.ScoreError[i]) = (0.5, 0);
            var likelihoods = new LogisticLikelihoods(scratch.P, scratch.Q, scores, scratch.CrossEntropy);
            if (Weights.ArePlain && tally.Classes is null && tally.ClassBins is null)
            {
                var hits = likelihoods.Judge(scratch.Posted, scratch.Label, count, _calibratesPositive);
                tally.AddUnweighted(BinaryScratch.Span(scratch.CrossEntropy, count), hits, BinaryScratch.Span(scratch.P, count),
                    BinaryScratch.Span(scratch.Q, count));
                return;
            }
            likelihoods.Find(scratch.Posted, scratch.Label, count);
        }
        if (tally.Classes is not null || tally.ClassBins is not null) CountClasses(tally, block, count, scratch);
        if (Weights.ArePlain)
        {
            TallyUnweighted(tally, count, scratch);
            return;
        }
        for (var i = 0; i < count; i++)
        {
            if (!Weights.Kept.Contains(block + i)) continue;
            var (isHit, confidence, outcome) = Judge(scratch, i);
            tally.Add(Weights[block + i], new Dd(scratch.CrossEntropy[i]), isHit, isHit ? 0 : 1);
            tally.AddToBin(Weights[block + i], confidence, outcome);
        }
    }

    private void CountClasses(MetricsSum tally, long block, int count, BinaryScratch scratch)
    {
        for (var i = 0; i < count; i++)
        {
            if (!Weights.Kept.Contains(block + i)) continue;
            var column = (int)((block + i) % _columns);
            tally.Classes?.AddElement(Weights[block + i], column, _target.IsPositive(scratch.Label[i]), IsPositive(scratch, i));
            tally.ClassBins?.Add(Weights[block + i], column, scratch.P[i], FindLabel(scratch, i));
        }
    }

    [SkipLocalsInit]
    private void TallyUnweighted(MetricsSum tally, int count, BinaryScratch scratch)
    {
        Span<double> confidences = stackalloc double[BinaryScratch.Block], outcomes = stackalloc double[BinaryScratch.Block];
        var hits = JudgeVectors(count, scratch, confidences, outcomes);
        for (var i = count & -Lanes.Width; i < count; i++)
        {
            (var isHit, confidences[i], outcomes[i]) = Judge(scratch, i);
            hits += isHit ? 1 : 0;
        }
        tally.AddUnweighted(BinaryScratch.Span(scratch.CrossEntropy, count), hits, confidences[..count], outcomes[..count]);
    }

    /// <summary>The same as <see cref="Judge"/> for the whole vectors of a block; returns the number of hits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int JudgeVectors(int count, BinaryScratch scratch, Span<double> confidences, Span<double> outcomes)
    {
        var isOfLogits = _batch.Form == PredictionForm.Logits;
        var (hits, edge) = (0, Vector256.Create(isOfLogits ? 0 : 0.5));
        var predicted = isOfLogits && _isBiased ? scratch.Score : scratch.Posted;
        var (target, calibratesPositive) = (_target, _calibratesPositive);
        var labels = target.IsTeacher ? scratch.Target : scratch.Label;
        for (var i = 0; i <= count - Lanes.Width; i += Lanes.Width)
        {
            var isPositive = Vector256.GreaterThan(Vector256.LoadAligned(predicted + i), edge);
            var isMiss = isPositive ^ target.ArePositive(Vector256.LoadAligned(scratch.Label + i));
            hits += Lanes.Width - BitOperations.PopCount(isMiss.ExtractMostSignificantBits());
            var p = Vector256.LoadAligned(scratch.P + i);
            (calibratesPositive ? p : Lanes.Select(isPositive, p, Vector256.LoadAligned(scratch.Q + i))).StoreUnsafe(ref confidences[i]);
            (calibratesPositive ? Vector256.LoadAligned(labels + i) : Vector256.AndNot(Vector256<double>.One, isMiss))
                .StoreUnsafe(ref outcomes[i]);
        }
        return hits;
    }

    private (bool IsHit, double Confidence, double Outcome) Judge(BinaryScratch scratch, int i)
    {
        var positive = IsPositive(scratch, i);
        var isHit = positive == _target.IsPositive(scratch.Label[i]);
        return _calibratesPositive ? (isHit, scratch.P[i], FindLabel(scratch, i))
            // 1 − P is rounded twice: then −z and z have other confidences
            : (isHit, positive ? scratch.P[i] : scratch.Q[i], isHit ? 1 : 0);
    }

    /// <summary>
    /// Whether metrics are made of plain doubles: of logits, without outputs of probabilities. A loss then is as fast as without metrics,
    /// and each element has the same numbers whether a kernel finds them or <see cref="LogisticLikelihoods"/>. The smallest doubles over a
    /// temperature may have no sign.
    /// </summary>
    private static bool HasLikelihoods(Batch batch) => batch is { Form: PredictionForm.Logits } && batch.StoredDType != DType.Float64
        && !batch.Wants(OutputSet.Probabilities | OutputSet.LogProbabilities | OutputSet.Entropy)
        && (batch.Options.Get(SharedOptions.Temperature) == 1 || batch.Predictions.DType != DType.Float64);

    private static bool CountsClasses(Batch batch) => batch.Options.Get(SharedOptions.PerClass)
        || batch.Options.Get(SharedOptions.ConfusionMatrix) || batch.Options.Get(SharedOptions.ClassWiseCalibration);

    private double FindLabel(BinaryScratch scratch, int i) => _target.IsTeacher ? scratch.Target[i] : scratch.Label[i];
}
