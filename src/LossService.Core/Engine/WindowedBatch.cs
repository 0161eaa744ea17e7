using LossService.Core.Batches;
using LossService.Core.Kernels;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>
/// A categorical batch whose classes lie apart, as one of adjacent classes, of which a few rows at a time are in memory. Samples have the
/// numbers that they have in the batch, so that what has one element for each stays as it is.
/// </summary>
internal sealed class WindowedBatch : IDisposable
{
    private readonly Batch _batch;
    private readonly Scores _scores;
    private readonly RowWindow?[] _results = new RowWindow?[OutputCatalogue.All.Count];
    private readonly RowWindow? _predictions, _labels;

    /// <summary>Takes the memory of the windows.</summary>
    /// <exception cref="MemoryBudgetException">The batch's budget has not enough left; nothing is taken then.</exception>
    public WindowedBatch(Batch batch, Scores scores)
    {
        (_batch, _scores) = (batch, scores);
        var (layout, memory) = (batch.Layout, batch.Memory);
        Rows = RowWindow.CountRows(layout);
        try
        {
            _predictions = new(batch.Predictions, layout, memory);
            if (HasRows(batch)) _labels = new(batch.Labels!, layout, memory);
            foreach (var output in OutputCatalogue.All)
                if (output.Shape == OutputShape.Predictions && scores.GetTensor(output) is { } tensor)
                    _results[output.Index] = new(tensor, layout, memory);
        }
        catch (OutOfMemoryException)
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How many rows are in memory at a time.</summary>
    public int Rows { get; }

    /// <summary>The bytes of the windows of a batch.</summary>
    public static long CountBytes(Batch batch)
    {
        var layout = batch.Layout;
        var bytes = RowWindow.CountBytes(batch.Predictions.DType, layout);
        if (HasRows(batch)) bytes += RowWindow.CountBytes(batch.Labels!.DType, layout);
        foreach (var output in OutputCatalogue.All)
            if (output.Shape == OutputShape.Predictions && output.IsIn(batch.Asked))
                bytes += RowWindow.CountBytes(batch.StoredDType, layout);
        return bytes;
    }

    /// <summary>Reads rows.</summary>
    /// <returns>The batch, and where its results go, of which only these rows are in memory.</returns>
    public (Batch Batch, Scores Scores) Read(long first, int count)
    {
        _predictions!.MoveTo(first, count);
        _predictions.Read();
        _labels?.MoveTo(first, count);
        _labels?.Read();
        foreach (var window in _results) window?.MoveTo(first, count);
        return (_batch with { Predictions = _predictions.Rows, Labels = _labels?.Rows ?? _batch.Labels },
            _scores.With((output, tensor) => _results[output.Index]?.Rows ?? tensor));
    }

    /// <summary>Writes the results of the rows that were read.</summary>
    public void Write()
    {
        foreach (var window in _results) window?.Write();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _predictions?.Dispose();
        _labels?.Dispose();
        foreach (var window in _results) window?.Dispose();
    }

    /// <summary>Whether the labels are dense rows.</summary>
    private static bool HasRows(Batch batch) => batch.Labels is { } labels && labels.Shape.Rank == batch.Predictions.Shape.Rank;
}
