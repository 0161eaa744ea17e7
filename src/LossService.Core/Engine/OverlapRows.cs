using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Batches;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>One thread's work on the rows of an overlap batch: what they add to the sums, and then what each of them gets.</summary>
internal sealed class OverlapRows : IDisposable
{
    /// <summary>The kinds of sums: TP = Σw·p·t, FP = Σw·p·(1 − t) and FN = Σw·(1 − p)·t.</summary>
    public const int Sums = 3;

    /// <summary>The kinds of derivatives: those of <see cref="OverlapResult"/>.</summary>
    public const int Derivatives = 2;

    private const int RowsBetweenLooks = 64, MaxKernelClasses = 1024;

    // below, derivatives of soft labels may cancel to 0, and then need all digits of the sums
    private const int MinKernelRows = 8;

    private readonly Batch _batch;
    private readonly Scores _scores;
    private readonly SampleWeights _weights;
    private readonly CategoricalLink _link;
    private readonly int _classes;
    private readonly CategoricalScratch _scratch;
    private readonly WindowedBatch? _windows;
    private readonly IOverlapRows? _kernel;
    private readonly bool _writesByKernel;

    public OverlapRows(Batch batch, Scores scores, SampleWeights weights, CategoricalLink link)
    {
        var layout = batch.Layout;
        (_batch, _scores, _weights, _link, _classes) = (batch.WithClassesLast(), scores, weights, link, layout.Classes);
        _scratch = new(_classes, hasCurvature: false, batch.Memory);
        if (!layout.AreAdjacent) _windows = new(batch, scores);
        if (!HasKernel(batch)) return;
        _kernel = NewKernel(batch, _classes);
        // probabilities come from the row
        _writesByKernel = batch.StoredDType == batch.Predictions.DType && scores.Gradient is not null && scores.Probabilities is null;
    }

    /// <summary>The bytes of one.</summary>
    public static long CountBytes(Batch batch)
    {
        var layout = batch.Layout;
        return CategoricalScratch.CountBytes(layout.Classes, hasCurvature: false)
            + (HasKernel(batch) ? OverlapKernel<StoredFloat64, StoredFloat64>.CountBytes(layout.Classes) : 0)
            + (layout.AreAdjacent ? 0 : WindowedBatch.CountBytes(batch));
    }

    /// <summary>Adds the rows from <paramref name="start"/> to before <paramref name="end"/> to the sums of a group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(long start, long end, ClassTable sums, long group, CancellationToken cancellation)
    {
        long last;
        for (var first = start; first < end; first = last)
        {
            last = _windows is null ? end : long.Min(first + _windows.Rows, end);
            var batch = _windows?.Read(first, (int)(last - first)).Batch ?? _batch;
            var labels = PostedTargets.Create(batch, batch.Labels!, batch.Predictions.Shape);
            for (var index = first; index < last; index += Lanes.Width)
            {
                if (index % RowsBetweenLooks == 0) cancellation.ThrowIfCancellationRequested();
                var count = (int)long.Min(Lanes.Width, last - index);
                if (_kernel is not null && (end - start >= MinKernelRows || AreHard(labels, index, count))
                    && TryGather(labels, index, count, out var block) && _kernel.Add(batch.Predictions, block)) continue;
                for (var row = index; row < index + count; row++)
                {
                    if (!_weights.Kept.Contains(row)) continue;
                    labels.Read(row, _scratch.Target);
                    Add(Fill(batch, row), sums, group, _weights[row]);
                }
            }
        }
        _kernel?.Drain(sums.Get(group, 0), sums.Get(group, 1), sums.Get(group, 2));
    }

    /// <summary>Writes what the rows have, by the derivatives of a group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(long start, long end, ClassTable derivatives, long group, CancellationToken cancellation)
    {
        var outside = derivatives.Get(group, 0);
        var inside = derivatives.Get(group, 1);
        var byKernel = _writesByKernel && AreFinite(outside.Hi[.._classes]) && AreFinite(inside.Hi[.._classes]);
        if (byKernel) _kernel!.SetDerivatives(outside, inside);
        long last;
        for (var first = start; first < end; first = last)
        {
            last = _windows is null ? end : long.Min(first + _windows.Rows, end);
            var (batch, scores) = _windows?.Read(first, (int)(last - first)) ?? (_batch, _scores);
            var labels = PostedTargets.Create(batch, batch.Labels!, batch.Predictions.Shape);
            for (var index = first; index < last; index += Lanes.Width)
            {
                if (index % RowsBetweenLooks == 0) cancellation.ThrowIfCancellationRequested();
                var count = (int)long.Min(Lanes.Width, last - index);
                var left = byKernel && TryGather(labels, index, count, out var block)
                    ? _kernel!.Write(batch.Predictions, scores.Gradient!, block)
                    : -1;
                for (var lane = 0; lane < count; lane++)
                {
                    if (!_weights.Kept.Contains(index + lane)) Skip(batch, scores, index + lane);
                    else if ((left >> lane & 1) != 0) Write(batch, scores, labels, index + lane, derivatives, group);
                }
            }
            _windows?.Write();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _scratch.Dispose();
        _kernel?.Dispose();
        _windows?.Dispose();
    }

    /// <summary>Takes the rows that the kernel computes, with their targets.</summary>
    /// <returns>False where none is kept.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryGather(TargetRows labels, long first, int count, out OverlapBlock block)
    {
        Span<int> classes = stackalloc int[Lanes.Width];
        if (count == Lanes.Width && _weights.ArePlain)
        {
            for (var lane = 0; lane < count; lane++) classes[lane] = ReadTarget(labels, first + lane, lane);
            block = new(Vector256.Create(first) + Vector256.Create(0L, 1, 2, 3), Vector128.Create<int>(classes), labels.AreRows,
                Vector256<double>.One, Vector256<double>.AllBitsSet);
            return true;
        }
        Span<long> rows = stackalloc long[Lanes.Width], kept = stackalloc long[Lanes.Width];
        Span<double> weights = stackalloc double[Lanes.Width];
        block = default;
        var any = -1;
        for (var lane = 0; lane < count; lane++)
        {
            if (!_weights.Kept.Contains(first + lane)) continue;
            classes[lane] = ReadTarget(labels, first + lane, lane);
            (rows[lane], kept[lane], weights[lane], any) = (first + lane, -1, _weights[first + lane], lane);
        }
        if (any < 0) return false;
        for (var lane = 0; lane < Lanes.Width; lane++)
        {
            if (kept[lane] != 0) continue;
            (rows[lane], classes[lane], weights[lane]) = (rows[any], classes[any], weights[any]);
            if (labels.AreRows) _kernel!.Target(any).CopyTo(_kernel.Target(lane));
        }
        block = new(Vector256.Create<long>(rows), Vector128.Create<int>(classes), labels.AreRows, Vector256.Create<double>(weights),
            Vector256.Create<long>(kept).AsDouble());
        return true;
    }

    /// <summary>Whether all kept rows have one true class, in whatever form.</summary>
    private bool AreHard(TargetRows labels, long first, int count)
    {
        if (!labels.AreRows) return true;
        for (var row = first; row < first + count; row++)
            if (_weights.Kept.Contains(row) && labels.FindClass(row, _scratch.Y) < 0) return false;
        return true;
    }

    /// <summary>The class of a row, or its target to where the kernel reads it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe int ReadTarget(TargetRows labels, long row, int lane)
    {
        if (!labels.AreRows) return labels.FindTrueClass(row, default, wantsEntropy: false, out _);
        var stored = labels.FindStored(row);
        if (stored != null)
        {
            Widening.Widen((float*)stored, _kernel!.Target(lane)[.._classes]);
            return 0;
        }
        labels.Read(row, _scratch.Target);
        _scratch.Y.CopyTo(_kernel!.Target(lane));
        return 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Write(Batch batch, Scores scores, TargetRows labels, long index, ClassTable derivatives, long group)
    {
        labels.Read(index, _scratch.Target);
        var row = Fill(batch, index);
        scores.Probabilities?.Write(index * _classes, row.P.Hi[.._classes]);
        if (scores.Gradient is not { } gradient) return;
        Differentiate(row, derivatives, group, _weights[index]);
        _link.Backward(row, Dd.One, Dd.Zero, _scratch.Result);
        gradient.Write(index * _classes, _scratch.Result[.._classes]);
    }

    private static IOverlapRows NewKernel(Batch batch, int classes)
    {
        var (temperature, memory) = (batch.Options.Get(SharedOptions.Temperature), batch.Memory);
        var isSigmoid = batch.Options.Get(SharedOptions.Link) == SharedOptions.LinkSigmoid;
        return batch.Predictions.DType switch
        {
            DType.Float16 => new OverlapKernel<StoredFloat16, StoredFloat32>(classes, temperature, isSigmoid, memory),
            DType.BFloat16 => new OverlapKernel<StoredBFloat16, StoredFloat32>(classes, temperature, isSigmoid, memory),
            DType.Float32 => new OverlapKernel<StoredFloat32, StoredFloat32>(classes, temperature, isSigmoid, memory),
            _ => new OverlapKernel<StoredFloat64, StoredFloat64>(classes, temperature, isSigmoid, memory),
        };
    }

    /// <summary>Whether the kernel computes the sums: of logits of not too many classes, where the memory of a block is small.</summary>
    private static bool HasKernel(Batch batch) =>
        batch.UsesKernels && batch.Form == PredictionForm.Logits && batch.Layout.Classes is > 0 and <= MaxKernelClasses;

    /// <summary>Reads the predictions of a row, and makes probabilities of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private CategoricalRow<Dd> Fill(Batch batch, long index)
    {
        batch.Predictions.Read(index * _classes, _scratch.Z[.._classes]);
        _scratch.Z[_classes..].Fill(batch.Form == PredictionForm.Probabilities ? 0 : double.NegativeInfinity);
        var row = _scratch.Row(TargetRows.Soft, batch.Form == PredictionForm.Logits, Dd.Zero, []);
        _link.Fill(row);
        return row;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Add(in CategoricalRow<Dd> row, ClassTable sums, long group, double weight)
    {
        var truePositives = sums.Get(group, 0);
        var falsePositives = sums.Get(group, 1);
        var falseNegatives = sums.Get(group, 2);
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            var (inside, outside) = Weigh(c, weight);
            truePositives.Store(c, truePositives[c] + row.P[c] * inside);
            falsePositives.Store(c, falsePositives[c] + row.P[c] * outside);
            falseNegatives.Store(c, falseNegatives[c] + row.Q[c] * inside);
        }
    }

    /// <summary>Writes the derivatives with respect to p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Differentiate(in CategoricalRow<Dd> row, ClassTable derivatives, long group, double weight)
    {
        var ofOutside = derivatives.Get(group, 0);
        var ofInside = derivatives.Get(group, 1);
        row.LogPDerivative.Clear();
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            var (inside, outside) = Weigh(c, weight);
            // where all probabilities of a class are tiny, a derivative may be infinite at labels that no element has
            row.PDerivative.Store(c, Times(ofOutside[c], outside) - Times(ofInside[c], inside));
        }
    }

    private static bool AreFinite(ReadOnlySpan<double> numbers)
    {
        foreach (var number in numbers)
            if (!double.IsFinite(number)) return false;
        return true;
    }

    /// <summary>0 where the weight is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Dd Times(Dd derivative, Dd weight) => Dd.Select(weight.IsZero, Dd.Zero, derivative * weight);

    /// <summary>w·t and w·(1 − t) of four classes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private (Dd Inside, Dd Outside) Weigh(int start, double weight)
    {
        var t = Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(_scratch.Y), (nuint)start);
        var w = Vector256.Create(weight);
        return (new Dd(t) * w, Dd.Difference(Vector256<double>.One, t) * w);
    }

    /// <summary>A row that is not kept: gradient 0; the probabilities of an ignored one are computed, a masked one has NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Skip(Batch batch, Scores scores, long index)
    {
        scores.Gradient?.Clear(index * _classes, _classes);
        if (scores.Probabilities is not { } probabilities) return;
        var result = _scratch.Result[.._classes];
        if (_weights.Kept.IsMasked(index)) result.Fill(double.NaN);
        else Fill(batch, index).P.Hi[.._classes].CopyTo(result);
        ResultNaN.Unify(result);
        probabilities.Write(index * _classes, result);
    }
}
