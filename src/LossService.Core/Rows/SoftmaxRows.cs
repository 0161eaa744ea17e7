using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Rows;

/// <summary>Rows that a kernel scores, whatever their dtype.</summary>
internal interface ISoftmaxRows : IDisposable
{
    /// <summary>Rows that the kernel left out, because a logit is +∞: that limit is the formula's; null = none.</summary>
    List<long>? Declined { get; }

    /// <summary>Takes a kept row, whose true class is <paramref name="y"/>.</summary>
    void Add(long index, int y, ExactSum sum);

    /// <summary>Scores the rows taken so far; their losses are added to <paramref name="sum"/>.</summary>
    void Flush(ExactSum sum);
}

/// <summary>
/// Scores rows by <see cref="SoftmaxKernel{TElement}"/>, a block of them stage by stage: all maxima, all exponentials, all
/// logarithms (eight rows at once), all gradients. A row alone would wait for itself at each step; in a block its neighbours fill
/// the wait.
/// </summary>
internal sealed unsafe class SoftmaxRows<TElement>(Batch batch, Samples samples, Scores scores, double[] classWeight, Dd unit) : ISoftmaxRows
    where TElement : unmanaged, IRowElement<TElement>
{
    private readonly int _classes = batch.Predictions.Shape.Last;
    private readonly int _padded = DdRow.Padded(batch.Predictions.Shape.Last);
    private readonly int _block = BlockOf(batch.Predictions.Shape.Last);
    private readonly TElement* _predictions = (TElement*)batch.Predictions.Data;
    private readonly TElement* _gradient = scores.Gradient is null ? null : (TElement*)scores.Gradient.Data;
    private readonly bool _isPlain = samples.ArePlain && classWeight.Length == 0 && batch.Unit == Unit.Nats;
    private readonly SoftmaxScratch _scratch = SoftmaxScratch.Rent();
    private readonly double _plainScale = (unit / new Dd(samples.Divisor)).ToScalar();
    private int _count;

    /// <inheritdoc/>
    public List<long>? Declined { get; private set; }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(long index, int y, ExactSum sum)
    {
        var (min, max) = TElement.Range(_predictions + index * _classes, _classes);
        if (double.IsPositiveInfinity(max))
        {
            (Declined ??= []).Add(index);
            return;
        }
        (_scratch.Index[_count], _scratch.Class[_count], _scratch.Min[_count], _scratch.Max[_count]) = (index, y, min, max);
        _scratch.Label[_count] = TElement.ToDouble(_predictions[index * _classes + y]);
        _scratch.Weight[_count] = _isPlain ? 1 : samples[index] * (classWeight.Length == 0 ? 1 : classWeight[y]);
        if (++_count == _block) Flush(sum);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Flush(ExactSum sum)
    {
        var exponentials = _scratch.Exponentials(_block, _padded);
        var e = exponentials;
        for (var i = 0; i < _count; i++, e += _padded)
        {
            _scratch.Rest[i] = SoftmaxKernel<TElement>.Exponentials(
                _predictions + _scratch.Index[i] * _classes, _classes, _scratch.Min[i], _scratch.Max[i], e);
            _scratch.Missing[i] = e[_scratch.Class[i]];
        }
        for (var i = 0; i < _count; i += DdRow.Lanes) Conclude(i);
        sum.Add(_scratch.Loss.AsSpan(0, _count));
        sum.Add(_scratch.Low.AsSpan(0, _count));
        if (scores.Losses is { } losses)
            for (var i = 0; i < _count; i++) losses.Write(_scratch.Index[i], _scratch.Loss.AsSpan(i, 1));
        if (_gradient != null) WriteGradients(exponentials);
        _count = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _scratch.Dispose();

    /// <summary>As many rows as keep their exponentials in the first-level cache.</summary>
    private static int BlockOf(int classes) => Math.Clamp(8192 / classes, 1, SoftmaxScratch.Rows);

    /// <summary>The losses of eight rows, and the two factors that their gradients need.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Conclude(int i)
    {
        var rest = Vector512.LoadUnsafe(ref _scratch.Rest[i]);
        var gap = Dd.Difference(Vector512.LoadUnsafe(ref _scratch.Max[i]), Vector512.LoadUnsafe(ref _scratch.Label[i]));
        var loss = Dd.Sum(gap.Hi, Lanes.Log1p(rest)) + gap.Lo;
        var scale = Vector512.Create(_plainScale);
        if (!_isPlain)
        {
            var weight = new Dd(Vector512.LoadUnsafe(ref _scratch.Weight[i])) * unit;
            loss = Dd.Select(weight.IsZero, Dd.Zero, loss * weight);
            scale = (weight / new Dd(samples.Divisor)).Round();
        }
        loss.Hi.StoreUnsafe(ref _scratch.Loss[i]);
        loss.Lo.StoreUnsafe(ref _scratch.Low[i]);

        var inverse = Vector512<double>.One / (Vector512<double>.One + rest);
        var part = scale * inverse;
        var other = scale * (Vector512<double>.One - Vector512.LoadUnsafe(ref _scratch.Missing[i]) * inverse);
        part.StoreUnsafe(ref _scratch.Part[i]);
        Vector512.ConditionalSelect(gap.IsZero, rest * part, other).StoreUnsafe(ref _scratch.Missing[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WriteGradients(double* e)
    {
        for (var i = 0; i < _count; i++, e += _padded)
        {
            if (samples.IsNothing || _scratch.Weight[i] == 0) scores.Gradient!.Clear(_scratch.Index[i] * _classes, _classes);
            else SoftmaxKernel<TElement>.Gradient(e, _classes, _scratch.Class[i], _scratch.Part[i], _scratch.Missing[i], _gradient + _scratch.Index[i] * _classes);
        }
    }
}
