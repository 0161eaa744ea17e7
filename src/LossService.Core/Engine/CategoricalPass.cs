using LossService.Core.Batches;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>The one loop over the rows of every categorical loss: by the softmax kernel where it can, else row by row.</summary>
/// <remarks>
/// A row's results depend on that row and the options only, and sums are exact. So the bits are the same for any order of rows, number
/// of threads and batch.
/// </remarks>
internal sealed class CategoricalPass
{
    private readonly Batch _batch;
    private readonly TargetRows? _labels;
    private readonly int _classes;
    private readonly CategoricalScorer _rows;
    private readonly SoftmaxPlan _plan;
    private readonly RowWork _beside;

    public CategoricalPass(Batch batch, CategoricalFormula formula, ClassWeighting weighting)
    {
        _batch = batch;
        var (predictions, options) = (batch.Predictions, batch.Options);
        _classes = predictions.Shape.Last;
        Rows = predictions.Rows;
        // outputs that the kernel does not compute come from the row; loss and gradient stay the kernel's
        if (batch.Wants(CategoricalScorer.DescriptiveOutputs)) _beside = RowWork.Description;
        if (batch.Labels is { } labels) _labels = new(labels, predictions.Shape, options.Get(SharedOptions.Normalize));
        var weights = new ClassWeights(options.Get(SharedOptions.ClassWeight), _classes);
        Weights = new(batch, Rows, weights.AreOne ? null : weights.NewReader(_labels!));
        Scores = new(batch.Asked, batch.StoredDType, predictions.Shape.WithoutLast(), predictions.Shape);
        _plan = new(batch, formula, weights.Padded);
        _rows = new(batch, formula, _labels, weights, weighsSamples: weighting == ClassWeighting.PerSample, Weights, Scores);
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
        // a calibration error is a difference: of float64 predictions, the kernel's doubles lack digits for it
        var kernelTally = _batch.StoredDType == DType.Float64 ? null : tally;
        using var hard = _plan.TakesClasses ? _plan.NewRows(Weights, Scores, kernelTally, hasRows: false) : null;
        using var soft = _plan.TakesRows ? _plan.NewRows(Weights, Scores, null, hasRows: true) : null;
        var target = hard is not null && soft is null && _labels!.AreDense ? new double[_classes] : [];
        for (var row = start; row < end; row++)
        {
            if ((row & 63) == 0) cancellation.ThrowIfCancellationRequested();
            if (!Weights.Kept.Contains(row))
            {
                _rows.Skip(row, scratch ??= new(_classes));
                continue;
            }
            var y = hard is null ? TargetRows.Soft : _labels!.TrueClass(row, soft is null ? target : soft.Target);
            var work = _beside;
            if (y >= 0)
            {
                hard!.Add(row, y, sum);
                if (kernelTally != tally) work |= RowWork.Metrics;
            }
            else if (soft is not null)
            {
                soft.AddSoft(row, sum);
                if (tally is not null) work |= RowWork.Metrics;
            }
            else
            {
                work = RowWork.All;
            }
            if (work != RowWork.None) _rows.Score(row, work, scratch ??= new(_classes), sum, tally);
        }
        Finish(hard, sum, kernelTally, ref scratch);
        Finish(soft, sum, null, ref scratch);
        scratch?.Dispose();
    }

    /// <summary>Scores the last rows of a kernel, and by the formula those that it has left.</summary>
    private void Finish(ISoftmaxRows? kernel, ExactSum sum, MetricsSum? tally, ref CategoricalScratch? scratch)
    {
        kernel?.Flush(sum);
        foreach (var row in kernel?.Declined ?? [])
            _rows.Score(row, RowWork.All & ~RowWork.Description, scratch ??= new(_classes), sum, tally);
        foreach (var row in kernel?.WithoutGradient ?? []) _rows.Score(row, RowWork.Gradient, scratch ??= new(_classes), sum, null);
    }
}
