using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Batches;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;

namespace LossService.Core.Engine;

/// <summary>
/// Scores a row of any predictions in double-double, which always has the digits: link (log p, p) → target (smoothed) → formula (value,
/// derivatives) → link (gradient).
/// </summary>
internal sealed class ExactScorer(
    Batch batch, CategoricalFormula formula, TargetRows? labels, double[] classWeight, LogSumExpTerm logSumExpTerm, RowLosses losses,
    RowOutputs outputs, Scores scores)
{
    private readonly int _classes = batch.Predictions.Shape.Last;
    private readonly CategoricalLink _link = CreateLink(batch);
    private readonly Smoothing _smoothing = new(batch);

    private readonly bool _needsDistribution = !formula.IsOnLogits
        || batch.Wants(OutputSet.Probabilities | OutputSet.LogProbabilities | OutputSet.Entropy | OutputSet.Metrics);

    /// <summary>Does the work on a row whose predictions and label have been read, adding to the sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Score(long index, RowWork work, in RowTarget target, CategoricalScratch scratch, ExactSum sum, MetricsSum? tally)
    {
        var label = scratch.Target;
        var hard = target.Hard;
        var row = scratch.Row(
            _smoothing.IsNone ? hard : TargetRows.Soft,
            batch.Form == PredictionForm.Logits,
            hard >= 0 || target.SumsToOne || !formula.NeedsSurplus ? Dd.Zero : _smoothing.GetSurplus(label),
            classWeight);
        _smoothing.Apply(label, row.Z, row.T);
        if (_smoothing.IsNone)
        {
            (row.Top, row.Rest) = (target.Top, target.Rest);
            if (formula.ReadsLogOfTarget && labels!.TryReadLogs(index, scratch.Logs)) row.LogT = scratch.Logs;
        }
        var logSumExp = _needsDistribution ? _link.Fill(row) : Dd.Zero;
        outputs.Add(index, work, hard, row, scratch.Y, tally);
        if ((work & (RowWork.Loss | RowWork.Gradient | RowWork.Hessian)) == 0) return;

        var value = formula.Score(row);
        var slope = default(LogSumExpSlope);
        if (!logSumExpTerm.IsZero) value += logSumExpTerm.Score(logSumExp, hard, scratch.Y, out slope);
        var scale = losses.GetScale(index, hard, scratch.Y);
        if ((work & RowWork.Loss) != 0) losses.Add(index, value, scale, sum);
        if ((work & RowWork.Hessian) != 0) WriteHessian(index, row, losses.GetGradientScale(scale), slope, scratch);
        if ((work & RowWork.Gradient) == 0 || scores.Gradient is not { } gradient) return;
        FindGradient(row, losses.GetGradientScale(scale), slope.First, scratch.Result);
        gradient.Write(index * _classes, scratch.Result[.._classes]);
    }

    /// <summary>Fills the distribution of a row that is not kept.</summary>
    public void Describe(in CategoricalRow<Dd> row)
    {
        if (_needsDistribution) _link.Fill(row);
    }

    private static CategoricalLink CreateLink(Batch batch)
    {
        var (options, clip) = (batch.Options, batch.Options.Get(SharedOptions.Clip));
        return batch.Form == PredictionForm.Probabilities && options.Get(SharedOptions.Normalize)
            ? new NormalizedLink(clip)
            : CategoricalLink.Create(
                batch.Form, options.Get(SharedOptions.Temperature), ClassBias.Read(batch), clip);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WriteHessian(
        long index, in CategoricalRow<Dd> row, Dd scale, in LogSumExpSlope slope, CategoricalScratch scratch)
    {
        if (scale.ToScalar() == 0)
        {
            scores.Hessian!.Clear(index * _classes, _classes);
            return;
        }
        var curvature = scratch.Curvature;
        var coupling = formula.Curve(row, curvature);
        if (formula.IsOnLogits)
        {
            for (var c = 0; c < curvature.LogP.Length; c += Lanes.Width)
                (curvature.LogP[c] * scale).Round().CopyTo(scratch.Result[c..]);
        }
        else
        {
            _link.FindHessian(row, curvature, scale, slope, coupling, scratch.Result);
        }
        ResultNaN.Unify(scratch.Result);
        scores.Hessian!.Write(index * _classes, scratch.Result[.._classes]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FindGradient(in CategoricalRow<Dd> row, Dd scale, Dd logSumExpDerivative, Span<double> result)
    {
        if (scale.ToScalar() == 0)
        {
            result.Clear();
            return;
        }
        if (!formula.IsOnLogits)
        {
            _link.Backward(row, scale, logSumExpDerivative, result);
            return;
        }
        for (var c = 0; c < row.LogPDerivative.Length; c += Lanes.Width)
            (row.LogPDerivative[c] * scale).Round().CopyTo(result[c..]);
    }
}
