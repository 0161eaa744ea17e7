using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Core.Validation;

/// <summary>The predictions and labels of a batch, a row at a time: K classes, or up to 1024 elements of a binary batch.</summary>
internal sealed class RowReader : IDisposable
{
    /// <summary>How many elements are read between two looks at the token.</summary>
    private const int ElementsBetweenLooks = 65536;

    private readonly Shape _shape;
    private readonly WorkMemory _row;
    private readonly CancellationToken _cancellation;
    private long _read;

    /// <summary>A reader of a batch whose shapes fit together.</summary>
    /// <param name="loss">The loss.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="cancellation">Stops the reading.</param>
    public RowReader(Loss loss, Batch batch, CancellationToken cancellation)
    {
        _cancellation = cancellation;
        _shape = batch.Predictions.Shape;
        IsCategorical = loss.Kind == LossKind.Categorical;
        Width = IsCategorical ? _shape.Last : (int)long.Min(_shape.Count, 1024);
        HasIndices = IsCategorical && batch.LabelForm == TargetForm.Labels && batch.Labels is { } labels && labels.Shape.Rank < _shape.Rank;
        Normalizes = batch.Options.Get(SharedOptions.Normalize);
        Samples = IsCategorical ? batch.Predictions.Rows : _shape.Count;
        Kept = new(batch, Samples);
        _row = new(Width, batch.Memory);
    }

    /// <summary>Whether rows of probabilities and dense labels are divided by their sums.</summary>
    public bool Normalizes { get; }

    /// <summary>The number of samples.</summary>
    public long Samples { get; }

    /// <summary>Which samples are kept.</summary>
    public KeptSamples Kept { get; }

    /// <summary>Whether a row is a sample; otherwise each element is.</summary>
    public bool IsCategorical { get; }

    /// <summary>Whether the labels are class indices.</summary>
    public bool HasIndices { get; }

    /// <summary>The number of classes, K.</summary>
    public int Classes => _shape.Last;

    /// <summary>The elements of a row.</summary>
    public int Width { get; }

    /// <summary>The number of rows; the last of a binary batch may be short.</summary>
    public long Rows => (_shape.Count + Width - 1) / Width;

    /// <summary>Row <paramref name="row"/> of a tensor in the predictions' shape; valid until the next is read.</summary>
    public Span<double> Read(Tensor tensor, long row)
    {
        var start = row * Width;
        var span = _row.Span[..(int)long.Min(Width, tensor.Count - start)];
        Count(span.Length);
        tensor.Read(start, span);
        return span;
    }

    /// <summary>Counts elements that are read without <see cref="Read"/>.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void Count(int elements)
    {
        if ((_read += elements) < ElementsBetweenLooks) return;
        _read = 0;
        _cancellation.ThrowIfCancellationRequested();
    }

    /// <summary>The position of a row in a tensor of the predictions' shape.</summary>
    public int[] GetPosition(long row) => _shape.Position(row * Width)[..^1];

    /// <inheritdoc/>
    public void Dispose() => _row.Dispose();
}
