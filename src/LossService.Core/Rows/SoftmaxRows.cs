using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Rows;

/// <summary>Rows that a kernel scores, whatever their dtype.</summary>
internal interface ISoftmaxRows : IDisposable
{
    /// <summary>Rows that the kernel left out, because a logit is +∞: that limit is the formula's.</summary>
    List<long> Declined { get; }

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
    /// <summary>The most rows of a block.</summary>
    private const int Most = 64;

    private readonly int _classes = batch.Predictions.Shape.Last;
    private readonly int _block = BlockOf(batch.Predictions.Shape.Last);
    private readonly TElement* _predictions = (TElement*)batch.Predictions.Data;
    private readonly TElement* _gradient = scores.Gradient is null ? null : (TElement*)scores.Gradient.Data;
    private readonly bool _isPlain = samples.ArePlain && classWeight.Length == 0 && batch.Unit == Unit.Nats;
    private readonly NativeBuffer _exponentials = new(
        (nuint)BlockOf(batch.Predictions.Shape.Last) * (nuint)DdRow.Padded(batch.Predictions.Shape.Last) * sizeof(double));

    // a block's rows: what they are, then what becomes of them
    private readonly long[] _index = new long[Most];
    private readonly int[] _class = new int[Most];
    private readonly double[] _max = new double[Most], _label = new double[Most], _weight = new double[Most], _rest = new double[Most];
    private readonly double[] _loss = new double[Most], _low = new double[Most], _part = new double[Most], _missing = new double[Most];
    private int _count;

    /// <inheritdoc/>
    public List<long> Declined { get; } = [];

    private double* Exponentials(int row) => (double*)_exponentials.Address + (long)row * DdRow.Padded(_classes);

    /// <inheritdoc/>
    public void Add(long index, int y, ExactSum sum)
    {
        var max = SoftmaxKernel<TElement>.Maximum(_predictions + index * _classes, _classes);
        if (double.IsPositiveInfinity(max))
        {
            Declined.Add(index);
            return;
        }
        (_index[_count], _class[_count], _max[_count]) = (index, y, max);
        _label[_count] = TElement.ToDouble(_predictions[index * _classes + y]);
        _weight[_count] = _isPlain ? 1 : samples[index] * (classWeight.Length == 0 ? 1 : classWeight[y]);
        if (++_count == _block) Flush(sum);
    }

    /// <inheritdoc/>
    public void Flush(ExactSum sum)
    {
        for (var i = 0; i < _count; i++)
        {
            var e = Exponentials(i);
            _rest[i] = SoftmaxKernel<TElement>.Exponentials(_predictions + _index[i] * _classes, _classes, _max[i], e);
            _missing[i] = e[_class[i]];
        }
        for (var i = 0; i < _count; i += DdRow.Lanes) Conclude(i);
        sum.Add(_loss.AsSpan(0, _count));
        sum.Add(_low.AsSpan(0, _count));
        if (scores.Losses is { } losses)
            for (var i = 0; i < _count; i++) losses.Write(_index[i], _loss.AsSpan(i, 1));
        if (_gradient != null) WriteGradients();
        _count = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _exponentials.Dispose();

    /// <summary>As many rows as keep their exponentials in the first-level cache.</summary>
    private static int BlockOf(int classes) => Math.Clamp(2048 / classes, 1, Most);

    /// <summary>The losses of eight rows, and the two factors that their gradients need.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Conclude(int i)
    {
        var rest = Vector512.LoadUnsafe(ref _rest[i]);
        var gap = Dd.Difference(Vector512.LoadUnsafe(ref _max[i]), Vector512.LoadUnsafe(ref _label[i]));
        var loss = Dd.Sum(gap.Hi, Lanes.Log1p(rest)) + gap.Lo;
        var scale = Vector512.Create(_plainScale);
        if (!_isPlain)
        {
            var weight = new Dd(Vector512.LoadUnsafe(ref _weight[i])) * unit;
            loss = Dd.Select(weight.IsZero, Dd.Zero, loss * weight);
            scale = (weight / new Dd(samples.Divisor)).Round();
        }
        loss.Hi.StoreUnsafe(ref _loss[i]);
        loss.Lo.StoreUnsafe(ref _low[i]);

        var inverse = Vector512<double>.One / (Vector512<double>.One + rest);
        var part = scale * inverse;
        var other = scale * (Vector512<double>.One - Vector512.LoadUnsafe(ref _missing[i]) * inverse);
        part.StoreUnsafe(ref _part[i]);
        Vector512.ConditionalSelect(gap.IsZero, rest * part, other).StoreUnsafe(ref _missing[i]);
    }

    private readonly double _plainScale = (unit / new Dd(samples.Divisor)).ToScalar();

    private void WriteGradients()
    {
        for (var i = 0; i < _count; i++)
        {
            if (samples.IsNothing || _weight[i] == 0) scores.Gradient!.Clear(_index[i] * _classes, _classes);
            else SoftmaxKernel<TElement>.Gradient(Exponentials(i), _classes, _class[i], _part[i], _missing[i], _gradient + _index[i] * _classes);
        }
    }
}
