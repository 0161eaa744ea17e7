using LossService.Core.Batches;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;

namespace LossService.Core.Engine;

/// <summary>The one loop over the rows of every categorical loss: by the softmax kernel where it can, else row by row.</summary>
/// <remarks>
/// A row's results depend on that row and the options only, and sums are exact. So the bits are the same for any order of rows, number
/// of threads, batch and axis of the classes.
/// </remarks>
internal sealed class CategoricalPass : IDisposable
{
    /// <summary>How many elements are scored between two looks at the token: a fraction of a second of the slowest formula.</summary>
    private const int ElementsBetweenLooks = 65536;

    private readonly Batch _batch;
    private readonly CategoricalFormula _formula;
    private readonly ClassWeights _classWeights;
    private readonly bool _weighsSamples;
    private readonly bool _areAdjacent;
    private readonly int _classes, _rowsBetweenLooks;

    public CategoricalPass(Batch batch, CategoricalFormula formula, ClassWeighting weighting, CancellationToken cancellation)
    {
        (_batch, _formula, _weighsSamples) = (batch, formula, weighting == ClassWeighting.PerSample);
        var layout = batch.Layout;
        (Rows, _classes, _areAdjacent) = (layout.Rows, layout.Classes, layout.AreAdjacent);
        _rowsBetweenLooks = Math.Clamp(ElementsBetweenLooks / Math.Max(layout.Classes, 1), 1, 64);
        _classWeights = new(batch.Options.Get(SharedOptions.ClassWeight), layout.Classes);
        if (_classWeights.AreOne) Weights = new(batch, Rows, null, cancellation);
        else
        {
            using var reader = new ClassWeightReader(batch, _classWeights, cancellation);
            Weights = new(batch, Rows, reader.Read, cancellation);
        }
        Tallies = new(batch, Rows, _classes);
        Scores = new(batch.Asked, batch.StoredDType, layout.Samples, batch.Predictions.Shape, batch.Memory);
        if (_areAdjacent) _batch = batch.WithClassesLast();
    }

    /// <summary>The number of rows.</summary>
    public long Rows { get; }

    /// <summary>The kept rows and their weights.</summary>
    public SampleWeights Weights { get; }

    /// <summary>The results.</summary>
    public Scores Scores { get; }

    /// <summary>The metrics that are asked for.</summary>
    public TallyPlan Tallies { get; }

    /// <summary>Scores the rows from <paramref name="start"/> to before <paramref name="end"/>, adding to the sums.</summary>
    public void Run(long start, long end, ExactSum sum, MetricsSum? tally, CancellationToken cancellation)
    {
        if (start == end) return;
        if (_areAdjacent)
        {
            Run(_batch, Scores, start, end, sum, tally, cancellation);
            return;
        }
        using var windows = new WindowedBatch(_batch, Scores);
        int count;
        for (var first = start; first < end; first += count)
        {
            count = (int)long.Min(windows.Rows, end - first);
            var (batch, scores) = windows.Read(first, count);
            Run(batch, scores, first, first + count, sum, tally, cancellation);
            windows.Write();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Weights.Dispose();
        Tallies.Dispose();
    }

    /// <summary>The bytes of working memory that a batch needs on so many cores, and for its weights.</summary>
    public static long CountBytes(Batch batch, int cores)
    {
        var layout = batch.Layout;
        return cores * (CategoricalRun.CountBytes(
                layout.Classes, batch.Wants(OutputSet.Hessian), batch.Options.Has(SharedOptions.LogitBias))
            + (layout.AreAdjacent ? 0 : WindowedBatch.CountBytes(batch)))
            + (batch.SampleWeight is null ? 0 : sizeof(double) * layout.Rows)
            + TallyPlan.CountBytes(batch, layout.Rows, layout.Classes);
    }

    /// <summary>Scores rows of a batch with the classes on the last axis.</summary>
    private void Run(
        Batch batch, Scores scores, long start, long end, ExactSum sum, MetricsSum? tally, CancellationToken cancellation)
    {
        var labels = batch.Labels is null ? null : PostedTargets.Create(batch, batch.Labels, batch.Predictions.Shape);
        var plan = new SoftmaxPlan(batch, _formula, labels, _classWeights.Posted);
        using var run = new CategoricalRun(
            batch, labels, () => new(batch, _formula, labels, _classWeights, _weighsSamples, Weights, scores), plan, Weights, scores, sum,
            tally);
        for (var row = start; row < end; row += _rowsBetweenLooks)
        {
            cancellation.ThrowIfCancellationRequested();
            run.Add(row, long.Min(row + _rowsBetweenLooks, end));
        }
        run.Finish();
    }
}
