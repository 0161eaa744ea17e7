using LossService.Core.Batches;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>Reads what each sample weighs by its class, from the first to the last.</summary>
internal sealed class ClassWeightReader : IDisposable
{
    private readonly ClassWeights _weights;
    private readonly Shape _shape;
    private readonly bool _normalizes;
    private readonly int _classes;
    private readonly WorkMemory _row;
    private readonly RowWindow? _window;
    private Tensor _rows;
    private TargetRows _labels;

    public ClassWeightReader(Batch batch, ClassWeights weights)
    {
        var layout = batch.Layout;
        _weights = weights;
        _classes = layout.Classes;
        _shape = layout.ClassesLast;
        _normalizes = batch.Options.Get(SharedOptions.Normalize);
        _row = new(Lanes.Padded(_classes), batch.Memory);
        _row.Span.Clear();
        _rows = batch.Labels!;
        if (!layout.AreAdjacent && _rows.Shape.Rank == _shape.Rank) _window = new(_rows, layout, batch.Memory);
        _labels = new(_rows, _shape, _normalizes);
    }

    /// <summary>Reads that of a sample.</summary>
    public double Read(long sample)
    {
        if (_window?.Find(sample) is { } rows && !ReferenceEquals(rows, _rows))
        {
            _rows = rows;
            _labels = new(rows, _shape, _normalizes);
        }
        return _weights.Of(_labels.Read(sample, _row.Span[.._classes]), _row.Span);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _row.Dispose();
        _window?.Dispose();
    }
}
