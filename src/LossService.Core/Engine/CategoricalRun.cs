using LossService.Core.Batches;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>One thread's part of a pass over rows: takes row after row to a kernel or to the formula.</summary>
internal sealed class CategoricalRun(Batch batch, TargetRows? labels, Func<CategoricalScorer> newScorer, SoftmaxPlan plan,
    SampleWeights weights, Scores scores, ExactSum sum, MetricsSum? tally) : IDisposable
{
    /// <summary>How many rows that a kernel left are noted before they are scored.</summary>
    private const int MaxLeft = 4096;

    private readonly int _classes = batch.Predictions.Shape.Last;

    // outputs that the kernel does not compute come from the row; loss and gradient stay the kernel's
    private readonly RowWork _beside = (batch.Wants(CategoricalScorer.DescriptiveOutputs) ? RowWork.Description : RowWork.None)
        | (batch.Wants(OutputSet.Hessian) ? RowWork.Hessian : RowWork.None);

    private readonly RowWork _metrics = tally is null ? RowWork.None : RowWork.Metrics;

    // a calibration error is a difference: of float64 predictions, the kernel's doubles lack digits for it; nor does it find the class
    // that is predicted, or the probability of each, and it ranks logits without their bias
    private readonly MetricsSum? _kernelTally =
        batch.StoredDType == DType.Float64 || batch.Options.Has(SharedOptions.LogitBias) || tally?.NeedsRows == true ? null : tally;

    private readonly WorkMemory? _target =
        plan is { TakesClasses: true, TakesRows: false } && labels!.AreRows
            ? new(Lanes.Padded(batch.Predictions.Shape.Last), batch.Memory) : null;

    private ISoftmaxRows? _hard, _soft;
    private CategoricalScratch? _scratch;
    private CategoricalScorer? _scorer;

    private ISoftmaxRows Hard => _hard ??= plan.NewRows(weights, scores, _kernelTally, hasRows: false);

    private ISoftmaxRows Soft => _soft ??= plan.NewRows(weights, scores, null, hasRows: true);

    // most batches have no row that a kernel leaves
    private CategoricalScorer Scorer => _scorer ??= newScorer();

    private CategoricalScratch Scratch => _scratch ??= new(_classes, batch.Wants(OutputSet.Hessian), batch.Memory);

    /// <summary>The bytes of working memory for rows of so many classes: of the formula, and of two kernels.</summary>
    public static long CountBytes(int classes, bool hasCurvature, bool isBiased) =>
        CategoricalScratch.CountBytes(classes, hasCurvature) + PlainColumns.CountBytes(classes)
        + (isBiased ? 10L : 4L) * sizeof(double) * Lanes.Padded(classes);

    /// <summary>Scores a row, now or with the next ones.</summary>
    public void Add(long row)
    {
        if (!weights.Kept.Contains(row))
        {
            Scorer.Skip(row, Scratch);
            return;
        }
        var (y, negatedEntropy) = (TargetRows.Soft, 0.0);
        var wantsEntropy = plan is { TakesRows: true, SubtractsEntropy: true };
        if (plan.NamedClasses > 0) y = labels!.FindNamed(row, Soft.NamedClasses, Soft.Target, wantsEntropy, out negatedEntropy);
        else if (plan.TakesRows) y = labels!.FindTrueClass(row, Soft.Target, wantsEntropy, out negatedEntropy);
        else if (plan.TakesClasses) y = labels!.FindClass(row, _target is null ? default : _target.Span);
        var work = _beside;
        if (y >= 0)
        {
            Hard.Add(row, y, sum);
            if (_kernelTally != tally) work |= RowWork.Metrics;
        }
        else if (plan.TakesRows)
        {
            Soft.AddSoft(row, negatedEntropy, sum);
            work |= _metrics;
        }
        else
        {
            work |= RowWork.Loss | RowWork.Gradient | _metrics;
        }
        if (work != RowWork.None) Scorer.Score(row, work, Scratch, sum, tally);
        if (_hard is not null) ScoreLeft(_hard, _kernelTally, MaxLeft);
        if (_soft is not null) ScoreLeft(_soft, null, MaxLeft);
    }

    /// <summary>Scores what is left of the rows.</summary>
    public void Finish()
    {
        Finish(_hard, _kernelTally);
        Finish(_soft, null);
        _scorer?.Flush(Scratch, sum);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _hard?.Dispose();
        _soft?.Dispose();
        _target?.Dispose();
        _scratch?.Dispose();
        _scorer?.Dispose();
    }

    private void Finish(ISoftmaxRows? kernel, MetricsSum? kernelTally)
    {
        kernel?.Flush(sum);
        if (kernel is not null) ScoreLeft(kernel, kernelTally, 0);
    }

    /// <summary>Scores by the formula the rows that a kernel has left, where there are more than so many.</summary>
    private void ScoreLeft(ISoftmaxRows kernel, MetricsSum? kernelTally, int most)
    {
        if (kernel.Declined.Count > most)
        {
            var work = RowWork.Loss | RowWork.Gradient | (kernelTally is null ? RowWork.None : RowWork.Metrics);
            foreach (var row in kernel.Declined) Scorer.Score(row, work, Scratch, sum, kernelTally);
            kernel.Declined.Clear();
        }
        if (kernel.WithoutLoss.Count > most)
        {
            foreach (var row in kernel.WithoutLoss) Scorer.Score(row, RowWork.Loss, Scratch, sum, null);
            kernel.WithoutLoss.Clear();
        }
        if (kernel.WithoutGradient.Count > most)
        {
            foreach (var row in kernel.WithoutGradient) Scorer.Score(row, RowWork.Gradient, Scratch, sum, null);
            kernel.WithoutGradient.Clear();
        }
    }
}
