using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Batches;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;

namespace LossService.Core.Kernels;

/// <summary>
/// Scores rows by <see cref="SoftmaxKernel{TElement}"/>, short ones by <see cref="SoftmaxColumns{TElement}"/>, a block of rows stage by
/// stage: all maxima, all exponentials, all logarithms (eight rows at once), all gradients. The steps of one row depend on each other;
/// those of different rows overlap.
/// </summary>
internal sealed unsafe class SoftmaxRows<TElement>(Batch batch, SampleWeights samples, Scores scores, double[] classWeight, Dd unit)
    : ISoftmaxRows
    where TElement : unmanaged, IStoredFloat<TElement>
{
    private readonly int _classes = batch.Predictions.Shape.Last;
    private readonly int _padded = DdRow.Padded(batch.Predictions.Shape.Last);
    private readonly bool _isShort = batch.Predictions.Shape.Last <= SoftmaxColumns<TElement>.MaxClasses;
    private readonly int _block = ChooseBlock(batch.Predictions.Shape.Last);
    private readonly TElement* _predictions = (TElement*)batch.Predictions.Data;
    private readonly TElement* _gradient = scores.Gradient is null ? null : (TElement*)scores.Gradient.Data;
    private readonly bool _isPlain = samples.ArePlain && classWeight.Length == 0 && batch.Unit == Unit.Nats;
    private readonly SoftmaxScratch _scratch = SoftmaxScratch.Rent();
    private readonly double _plainScale = (unit / new Dd(samples.Divisor)).ToScalar();
    private int _count;

    /// <inheritdoc/>
    public List<long> Declined { get; } = [];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Add(long index, int y, ExactSum sum)
    {
        (_scratch.Index[_count], _scratch.Class[_count]) = (index, y);
        if (!_isPlain) _scratch.Weight[_count] = samples[index] * (classWeight.Length == 0 ? 1 : classWeight[y]);
        if (++_count == _block) Flush(sum);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Flush(ExactSum sum)
    {
        // for short rows, room for their logits too
        var e = _scratch.Reserve((nuint)(_isShort ? 2 * _block : _block) * (nuint)_padded, batch.Memory);
        if (_isShort) ReadColumns(e);
        else ReadRows(e);
        for (var i = 0; i < _count; i += DdRow.Width) Conclude(i);
        if (new ReadOnlySpan<double>(_scratch.Max, _count).Contains(double.PositiveInfinity)) Decline();
        sum.Add(new ReadOnlySpan<double>(_scratch.Loss, _count));
        sum.Add(new ReadOnlySpan<double>(_scratch.Low, _count));
        if (scores.Losses is { } losses)
            for (var i = 0; i < _count; i++) losses.Write(_scratch.Index[i], new(_scratch.Loss + i, 1));
        if (_gradient != null)
        {
            if (samples.IsNothing) ClearGradients();
            else if (_isShort) WriteColumns(e);
            else WriteRows(e);
        }
        _count = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _scratch.Dispose();

    /// <summary>The number of rows whose exponentials fit into the first-level cache.</summary>
    private static int ChooseBlock(int classes) => Math.Clamp(8192 / classes, 1, SoftmaxScratch.Rows);

    /// <summary>Computes the losses of eight rows, and the two factors of their gradients.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void Conclude(int i)
    {
        var rest = Vector512.Load(_scratch.Rest + i);
        var gap = Dd.Difference(Vector512.Load(_scratch.Max + i), Vector512.Load(_scratch.Label + i));
        var loss = Dd.Sum(gap.Hi, VectorMath.Log1p(rest)) + gap.Lo;
        var scale = Vector512.Create(_plainScale);
        if (!_isPlain)
        {
            var weight = new Dd(Vector512.Load(_scratch.Weight + i)) * unit;
            loss = Dd.Select(weight.IsZero, Dd.Zero, loss * weight);
            scale = (weight / new Dd(samples.Divisor)).Round();
        }
        loss.Hi.Store(_scratch.Loss + i);
        loss.Lo.Store(_scratch.Low + i);

        var inverse = Vector512<double>.One / (Vector512<double>.One + rest);
        var part = scale * inverse;
        var other = scale * (Vector512<double>.One - Vector512.Load(_scratch.Missing + i) * inverse);
        part.Store(_scratch.Part + i);
        Vector512.ConditionalSelect(gap.IsZero, rest * part, other).Store(_scratch.Missing + i);
    }

    /// <summary>Computes the minima, maxima and exponentials of short rows, eight rows at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void ReadColumns(double* e)
    {
        // the last eight rows are filled up with copies of the last row, which get the same results
        for (var i = _count; i % DdRow.Width != 0; i++)
        {
            (_scratch.Index[i], _scratch.Class[i]) = (_scratch.Index[i - 1], _scratch.Class[i - 1]);
            _scratch.Weight[i] = _scratch.Weight[i - 1];
        }
        var rows = stackalloc TElement*[DdRow.Width];
        var stride = DdRow.Width * _classes;
        var z = (TElement*)(e + _block * _padded);
        var column = z;
        for (var i = 0; i < _count; i += DdRow.Width, column += stride)
        {
            Locate(i, _predictions, rows);
            SoftmaxColumns<TElement>.Read(rows, _classes, column, out var max).Store(_scratch.Min + i);
            max.Store(_scratch.Max + i);
            var y = _scratch.Class + i;
            var label = _scratch.Label + i;
            for (var lane = 0; lane < DdRow.Width; lane++) label[lane] = TElement.ToDouble(rows[lane][y[lane]]);
        }
        for (var i = 0; i < _count; i += DdRow.Width, z += stride, e += stride)
        {
            SoftmaxColumns<TElement>.StoreExponentials(
                z, _classes, Vector512.Load(_scratch.Min + i), Vector512.Load(_scratch.Max + i), e).Store(_scratch.Rest + i);
            var y = _scratch.Class + i;
            var missing = _scratch.Missing + i;
            for (var lane = 0; lane < DdRow.Width; lane++) missing[lane] = e[y[lane] * DdRow.Width + lane];
        }
    }

    /// <summary>Writes the gradients of short rows, eight rows at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void WriteColumns(double* e)
    {
        var rows = stackalloc TElement*[DdRow.Width];
        for (var i = 0; i < _count; i += DdRow.Width, e += DdRow.Width * _classes)
        {
            Locate(i, _gradient, rows);
            SoftmaxColumns<TElement>.Write(e, _classes, Vector512.Load(_scratch.Part + i), rows);
            var y = _scratch.Class + i;
            var missing = _scratch.Missing + i;
            for (var lane = 0; lane < DdRow.Width; lane++) rows[lane][y[lane]] = TElement.FromDouble(-missing[lane]);
        }
        if (_isPlain) return;
        for (var i = 0; i < _count; i++)
            if (_scratch.Weight[i] == 0) scores.Gradient!.Clear(_scratch.Index[i] * _classes, _classes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Locate(int i, TElement* tensor, TElement** rows)
    {
        var index = _scratch.Index + i;
        for (var lane = 0; lane < DdRow.Width; lane++) rows[lane] = tensor + index[lane] * _classes;
    }

    /// <summary>Computes the minima, maxima and exponentials of rows, one row at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void ReadRows(double* e)
    {
        for (var i = 0; i < _count; i++, e += _padded)
        {
            var row = _predictions + _scratch.Index[i] * _classes;
            var (min, max) = TElement.FindMinMax(row, _classes);
            _scratch.Max[i] = max;
            _scratch.Label[i] = TElement.ToDouble(row[_scratch.Class[i]]);
            _scratch.Rest[i] = SoftmaxKernel<TElement>.StoreExponentials(row, _classes, min, max, e);
            _scratch.Missing[i] = e[_scratch.Class[i]];
        }
    }

    /// <summary>Writes the gradients of rows, one row at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void WriteRows(double* e)
    {
        for (var i = 0; i < _count; i++, e += _padded)
        {
            var gradient = _gradient + _scratch.Index[i] * _classes;
            if (!_isPlain && _scratch.Weight[i] == 0) scores.Gradient!.Clear(_scratch.Index[i] * _classes, _classes);
            else SoftmaxKernel<TElement>.WriteGradient(e, _classes, _scratch.Class[i], _scratch.Part[i], _scratch.Missing[i], gradient);
        }
    }

    private void ClearGradients()
    {
        for (var i = 0; i < _count; i++) scores.Gradient!.Clear(_scratch.Index[i] * _classes, _classes);
    }

    /// <summary>Declines the rows with a +∞: their results are undefined, and the formula overwrites them.</summary>
    private void Decline()
    {
        for (var i = 0; i < _count; i++)
        {
            if (!double.IsPositiveInfinity(_scratch.Max[i])) continue;
            Declined.Add(_scratch.Index[i]);
            (_scratch.Loss[i], _scratch.Low[i]) = (0, 0);
        }
    }
}
