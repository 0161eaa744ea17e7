using System.Runtime.CompilerServices;
using LossService.Core.Batches;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>Reads what each sample weighs by its class, from the first to the last.</summary>
internal sealed class ClassWeightReader : IDisposable
{
    private const int Block = 64;

    private readonly ClassWeights _weights;
    private readonly Shape _shape;
    private readonly Batch _batch;
    private readonly CancellationToken _cancellation;
    private readonly int _padded;
    private readonly WorkMemory _row;
    private readonly RowWindow? _window;
    private Tensor _rows;
    private TargetRows _labels;

    public ClassWeightReader(Batch batch, ClassWeights weights, CancellationToken cancellation)
    {
        var layout = batch.Layout;
        (_batch, _weights, _cancellation) = (batch, weights, cancellation);
        _padded = Lanes.Padded(layout.Classes);
        _shape = layout.ClassesLast;
        _row = new(2L * _padded, batch.Memory);
        _row.Span.Clear();
        _rows = batch.Labels!;
        if (!layout.AreAdjacent && batch.HasDenseLabels) _window = new(_rows, layout, batch.Memory);
        _labels = PostedTargets.Create(batch, _rows, _shape);
    }

    /// <summary>Reads those of samples that follow each other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Read(long first, Span<double> weights)
    {
        if (_labels is { AreRows: false, FindsClasses: true })
        {
            Span<int> classes = stackalloc int[Block];
            var table = _weights.Posted;
            while (weights.Length > 0)
            {
                var found = classes[..int.Min(Block, weights.Length)];
                _labels.FindClasses(first, found);
                for (var i = 0; i < found.Length; i++) weights[i] = table[found[i]];
                first += found.Length;
                weights = weights[found.Length..];
            }
            return;
        }
        for (var i = 0; i < weights.Length; i++) weights[i] = Read(first + i);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _row.Dispose();
        _window?.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private double Read(long sample)
    {
        // a row may be long
        _cancellation.ThrowIfCancellationRequested();
        if (!_labels.AreRows) return _weights.Of(_labels.FindTrueClass(sample, default, wantsEntropy: false, out _), default);
        if (_window?.Find(sample) is { } rows && !ReferenceEquals(rows, _rows))
        {
            _rows = rows;
            _labels = PostedTargets.Create(_batch, rows, _shape);
        }
        var target = new NumberRow<Dd>(_row.Span[.._padded], _row.Span[_padded..]);
        return _weights.Of(_labels.Read(sample, target).Hard, target.Hi);
    }
}
