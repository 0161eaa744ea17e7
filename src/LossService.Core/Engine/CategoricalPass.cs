using LossService.Core.Batches;
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
internal sealed class CategoricalPass : IDisposable
{
    /// <summary>How many elements are scored between two looks at the token: a fraction of a second of the slowest formula.</summary>
    private const int ElementsBetweenLooks = 65536;

    private readonly Batch _batch;
    private readonly TargetRows? _labels;
    private readonly CategoricalScorer _scorer;
    private readonly SoftmaxPlan _plan;
    private readonly int _rowsBetweenLooks;

    public CategoricalPass(Batch batch, CategoricalFormula formula, ClassWeighting weighting, CancellationToken cancellation)
    {
        _batch = batch;
        var (predictions, options) = (batch.Predictions, batch.Options);
        var classes = predictions.Shape.Last;
        Rows = predictions.Rows;
        _rowsBetweenLooks = Math.Clamp(ElementsBetweenLooks / Math.Max(classes, 1), 1, 64);
        if (batch.Labels is { } labels) _labels = CreateTargets(batch, labels);
        var weights = new ClassWeights(options.Get(SharedOptions.ClassWeight), classes);
        var padded = weights.AreOne ? 0 : Lanes.Padded(classes);
        using var row = new WorkMemory(2L * padded, batch.Memory);
        Func<long, double>? weightOf = null;
        if (!weights.AreOne)
        {
            row.Span.Clear();
            weightOf = sample => weights.Of(
                _labels!.Read(sample, new(row.Span[..padded], row.Span[padded..])).Hard, row.Span[..padded]);
        }
        Weights = new(batch, Rows, weightOf, cancellation);
        Scores = new(batch.Asked, batch.StoredDType, predictions.Shape.WithoutLast(), predictions.Shape, batch.Memory);
        _plan = new(batch, formula, _labels, weights.Padded);
        _scorer = new(batch, formula, _labels, weights, weighsSamples: weighting == ClassWeighting.PerSample, Weights, Scores);
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
        using var run = new CategoricalRun(_batch, _labels, _scorer, _plan, Weights, Scores, sum, tally);
        for (var row = start; row < end; row++)
        {
            if (row % _rowsBetweenLooks == 0) cancellation.ThrowIfCancellationRequested();
            run.Add(row);
        }
        run.Finish();
    }

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();

    private static TargetRows CreateTargets(Batch batch, Tensor labels)
    {
        var shape = batch.Predictions.Shape;
        return batch.LabelForm switch
        {
            TargetForm.Logits => new TeacherTargets(labels, shape.Last, batch.LabelTemperature),
            TargetForm.LogProbabilities => new LogTargets(labels, shape.Last),
            _ when labels.Shape.Rank == shape.Rank => new DenseTargets(labels, shape.Last, batch.Options.Get(SharedOptions.Normalize)),
            _ => new IndexTargets(labels),
        };
    }

    /// <summary>The bytes of working memory that a batch needs on so many cores, and for its weights.</summary>
    public static long CountBytes(Batch batch, int cores) =>
        cores * CategoricalRun.CountBytes(batch.Predictions.Shape.Last)
        + (batch.SampleWeight is null ? 0 : sizeof(double) * batch.Predictions.Rows);
}
