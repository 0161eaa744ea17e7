using System.Buffers;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Rows;

/// <summary>
/// Scores rows by <see cref="SoftmaxKernel"/>: one thread's working memory, and the losses of up to <see cref="Block"/> rows,
/// whose logarithms are taken eight at a time.
/// </summary>
internal sealed class SoftmaxRows(Batch batch, Samples samples, Scores scores, double[] classWeight, Dd unit) : IDisposable
{
    private const int Block = 64;

    private readonly int _classes = batch.Predictions.Shape.Last;
    private readonly double[] _row = ArrayPool<double>.Shared.Rent(DdRow.Padded(batch.Predictions.Shape.Last));
    private readonly bool _isPlain = samples.ArePlain && classWeight.Length == 0 && batch.Unit == Unit.Nats;
    private readonly double _plainScale = (unit / new Dd(samples.Divisor)).ToScalar();
    private readonly double[] _gap = new double[Block], _gapLow = new double[Block], _rest = new double[Block], _weight = new double[Block];
    private readonly long[] _index = new long[Block];
    private int _count;

    /// <summary>Scores a kept row.</summary>
    /// <param name="index">The row.</param>
    /// <param name="y">Its true class.</param>
    /// <param name="sum">Takes the losses, a block at a time.</param>
    /// <returns>False where the row has an infinite logit above the others: that limit is not the kernel's.</returns>
    public bool TryScore(long index, int y, ExactSum sum)
    {
        var z = _row.AsSpan(0, DdRow.Padded(_classes));
        batch.Predictions.Read(index * _classes, z[.._classes]);
        z[_classes..].Fill(double.NegativeInfinity);
        if (!SoftmaxKernel.TryForward(z, y, out var row)) return false;

        var weight = _isPlain ? 1 : samples[index] * (classWeight.Length == 0 ? 1 : classWeight[y]);
        if (scores.Gradient is { } gradient) WriteGradient(gradient, index, z, row, y);
        (_gap[_count], _gapLow[_count], _rest[_count], _weight[_count], _index[_count]) = (row.Gap, row.GapLow, row.Rest, weight, index);
        if (++_count == Block) Flush(sum);
        return true;
    }

    /// <summary>Adds the losses of the rows since the last time.</summary>
    public void Flush(ExactSum sum)
    {
        for (var i = _count; i % DdRow.Lanes != 0; i++) (_gap[i], _gapLow[i], _rest[i], _weight[i]) = (0, 0, 0, 0);
        for (var i = 0; i < _count; i += DdRow.Lanes)
        {
            var loss = SoftmaxKernel.Loss(
                Vector512.LoadUnsafe(ref _gap[i]), Vector512.LoadUnsafe(ref _gapLow[i]), Vector512.LoadUnsafe(ref _rest[i]));
            if (!_isPlain)
            {
                var weight = new Dd(Vector512.LoadUnsafe(ref _weight[i]));
                loss = Dd.Select(weight.IsZero, Dd.Zero, loss * weight * unit);
            }
            loss.Hi.StoreUnsafe(ref _gap[i]);
            loss.Lo.StoreUnsafe(ref _gapLow[i]);
        }
        sum.Add(_gap.AsSpan(0, _count));
        sum.Add(_gapLow.AsSpan(0, _count));
        if (scores.Losses is { } losses)
            for (var i = 0; i < _count; i++) losses.Write(_index[i], _gap.AsSpan(i, 1));
        _count = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<double>.Shared.Return(_row);

    private void WriteGradient(Tensor gradient, long index, Span<double> e, in SoftmaxKernel.Row row, int y)
    {
        var scale = _plainScale;
        if (!_isPlain)
        {
            var weight = Dd.Product(Vector512.Create(samples[index]), Vector512.Create(classWeight.Length == 0 ? 1 : classWeight[y]));
            scale = (weight * unit / new Dd(samples.Divisor)).ToScalar();
        }
        if (samples.IsNothing || scale == 0)
        {
            gradient.Clear(index * _classes, _classes);
            return;
        }
        SoftmaxKernel.Gradient(e, row, y, scale);
        gradient.Write(index * _classes, e[.._classes]);
    }
}
