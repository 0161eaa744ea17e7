using System.Runtime.CompilerServices;
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

    // a calibration error is a difference: of float64 predictions, the kernel's doubles lack digits for it; nor does it find the class
    // that is predicted, or the probability of each, and it ranks logits without their bias
    private readonly MetricsSum? _kernelTally = FindsTallies(batch, tally) ? tally : null;

    // outputs that the kernel does not compute come from the row; loss and gradient stay the kernel's
    private readonly RowWork _hardWork =
        FindBeside(batch) | (tally is null || FindsTallies(batch, tally) ? RowWork.None : RowWork.Metrics);

    private readonly RowWork _softWork = FindBeside(batch) | (tally is null ? RowWork.None : RowWork.Metrics)
        | (plan.TakesRows ? RowWork.None : RowWork.Loss | RowWork.Gradient);

    private readonly bool _areFoundTogether = plan is { TakesClasses: true, NamedClasses: 0 } && labels!.FindsClasses
        && (!labels.AreRows || !plan.TakesRows || plan.ReadsStored) && weights.Kept.AreAll;

    private readonly WorkMemory? _target =
        plan is { TakesClasses: true, TakesRows: false } && labels!.AreRows
            ? new(Lanes.Padded(batch.Predictions.Shape.Last), batch.Memory) : null;

    private ISoftmaxRows? _hard, _soft;
    private CategoricalScratch? _scratch;
    private CategoricalScorer? _scorer;

    private ISoftmaxRows Hard => _hard ??= plan.NewRows(weights, scores, _kernelTally, hasRows: false);

    private ISoftmaxRows Soft
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        get => _soft ??= plan.NewRows(weights, scores, null, hasRows: true);
    }

    // most batches have no row that a kernel leaves
    private CategoricalScorer Scorer => _scorer ??= newScorer();

    private CategoricalScratch Scratch
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        get => _scratch ??= new(_classes, batch.Wants(OutputSet.Hessian), batch.Memory);
    }

    /// <summary>The bytes of working memory for rows of so many classes: of the formula, and of two kernels.</summary>
    public static long CountBytes(int classes, bool hasCurvature, bool isBiased) =>
        CategoricalScratch.CountBytes(classes, hasCurvature) + PlainColumns.CountBytes(classes) + WideColumns.CountBytes(classes)
        + (isBiased ? 10L : 4L) * sizeof(double) * Lanes.Padded(classes);

    /// <summary>Scores rows from <paramref name="start"/> to before <paramref name="end"/>, now or with the next ones.</summary>
    public void Add(long start, long end)
    {
        if (_areFoundTogether) AddTogether(start, end);
        else for (var row = start; row < end; row++) Add(row);
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

    /// <summary>Adds rows of which nothing but the class is read here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddTogether(long start, long end)
    {
        Span<int> memory = stackalloc int[64];
        int count;
        for (var row = start; row < end; row += count)
        {
            count = (int)long.Min(memory.Length, end - row);
            var classes = memory[..count];
            labels!.FindClasses(row, classes);
            for (int i = 0, next; i < count; i = next)
            {
                var isSoft = classes[i] < 0;
                for (next = i + 1; next < count && classes[next] < 0 == isSoft;) next++;
                AddAlike(row + i, classes[i..next], isSoft);
            }
        }
    }

    /// <summary>Adds rows that all have a true class, or all none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddAlike(long first, ReadOnlySpan<int> classes, bool areSoft)
    {
        if (!areSoft) Hard.Add(first, classes, sum);
        else if (plan.TakesRows) Soft.AddStored(first, classes.Length, sum);
        var work = areSoft ? _softWork : _hardWork;
        if (work == RowWork.None) return;
        for (var i = 0; i < classes.Length; i++) Scorer.Score(first + i, work, Scratch, sum, tally);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Add(long row)
    {
        if (!weights.Kept.Contains(row))
        {
            Scorer.Skip(row, Scratch);
            return;
        }
        var (y, negatedEntropy) = (TargetRows.Soft, 0.0);
        var wantsEntropy = plan is { TakesRows: true, SubtractsEntropy: true };
        if (plan.NamedClasses > 0) y = labels!.FindNamed(row, Soft.NamedClasses, Soft.Target, wantsEntropy, out negatedEntropy);
        else if (plan.ReadsStored) y = labels!.FindClass(row, default);
        else if (plan.TakesRows) y = labels!.FindTrueClass(row, Soft.Target, wantsEntropy, out negatedEntropy);
        else if (plan.TakesClasses) y = labels!.FindClass(row, _target is null ? default : _target.Span);
        if (y >= 0) Hard.Add(row, y, sum);
        else if (plan.TakesRows) Soft.AddSoft(row, negatedEntropy, sum);
        var work = y >= 0 ? _hardWork : _softWork;
        if (work != RowWork.None) Scorer.Score(row, work, Scratch, sum, tally);
    }

    private static bool FindsTallies(Batch batch, MetricsSum? tally) =>
        batch.StoredDType != DType.Float64 && !batch.Options.Has(SharedOptions.LogitBias) && tally?.NeedsRows != true;

    private static RowWork FindBeside(Batch batch) =>
        (batch.Wants(CategoricalScorer.DescriptiveOutputs) ? RowWork.Description : RowWork.None)
        | (batch.Wants(OutputSet.Hessian) ? RowWork.Hessian : RowWork.None);

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
