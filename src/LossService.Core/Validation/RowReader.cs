using LossService.Core.Batches;
using LossService.Core.Kernels;
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
    private readonly ClassLayout _layout;
    private readonly WorkMemory _row;
    private readonly MemoryBudget? _memory;
    private readonly CancellationToken _cancellation;
    private long _read;
    private Tensor? _windowed;
    private RowWindow? _window;

    /// <summary>A reader of a batch whose shapes fit together.</summary>
    /// <param name="loss">The loss.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="cancellation">Stops the reading.</param>
    public RowReader(Loss loss, Batch batch, CancellationToken cancellation)
    {
        _cancellation = cancellation;
        (_shape, _layout, _memory) = (batch.Predictions.Shape, batch.Layout, batch.Memory);
        IsCategorical = loss.Kind == LossKind.Categorical;
        Width = IsCategorical ? _layout.Classes : (int)long.Min(_shape.Count, 1024);
        HasIndices = IsCategorical && batch.LabelForm == TargetForm.Labels && batch.Labels is { } labels && labels.Shape.Rank < _shape.Rank;
        Normalizes = batch.Options.Get(SharedOptions.Normalize);
        Samples = IsCategorical ? _layout.Rows : _shape.Count;
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
    public int Classes => _layout.Classes;

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
        if (IsCategorical && !_layout.AreAdjacent) tensor = FindWindow(tensor).Find(row);
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

    /// <summary>The number of an element of a row in a tensor of the predictions' shape.</summary>
    public long GetElement(long row, int i) => IsCategorical ? _layout.GetElement(row, i) : row * Width + i;

    /// <summary>The position of a row of classes in such a tensor: of its first class where the classes are not on the last axis.</summary>
    public int[] GetPosition(long row) => _layout.GetPosition(row);

    /// <summary>Where the elements of a row are, where that is not on the last axis: " along axis 1".</summary>
    public string DescribeAxis() => _layout.IsLast ? "" : $" along axis {_layout.Axis}";

    /// <inheritdoc/>
    public void Dispose()
    {
        _row.Dispose();
        _window?.Dispose();
    }

    /// <summary>The window on the tensor that is read at present.</summary>
    private RowWindow FindWindow(Tensor tensor)
    {
        if (ReferenceEquals(tensor, _windowed)) return _window!;
        _window?.Dispose();
        (_windowed, _window) = (tensor, new(tensor, _layout, _memory));
        return _window;
    }
}
