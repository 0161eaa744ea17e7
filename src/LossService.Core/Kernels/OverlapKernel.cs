using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Kernels;

/// <summary>
/// Softmax rows of an overlap, four at a time as <see cref="SoftmaxColumns{TElement}"/> has them: the sums with 62 bits and more, as the
/// loss is a power of their ratio, the gradient in double.
/// </summary>
/// <remarks>
/// Terms of a sum are never negative, and 1 − p of the largest class is the sum of the others: nothing cancels. A gradient is
/// p_c·(v_c − Σ p_i·v_i) with v the derivatives by p; that of the largest class is subtracted from all v first, so that Σp = 1 takes no
/// digits, and where what is left of a difference is small, the row is lost.
/// </remarks>
/// <typeparam name="TElement">How the logits are stored.</typeparam>
/// <typeparam name="TColumn">How the columns keep them: the same, or float32 for those of 16 bits.</typeparam>
internal sealed unsafe class OverlapKernel<TElement, TColumn> : IOverlapRows
    where TElement : unmanaged, IStoredFloat<TElement> where TColumn : unmanaged, IStoredFloat<TColumn>
{
    private const int Width = Lanes.Width;

    /// <summary>
    /// The numbers of a class in memory, of four rows: logits, and two parts of exponentials and of Σw·p·(1 − t); two parts of the two sums
    /// of rows that have the class.
    /// </summary>
    private const int NumbersOfClass = 5 * Width + 4;

    private readonly int _classes;
    private readonly double _temperature;
    private readonly ExponentialScale _scale;
    private readonly NativeBuffer _memory;
    private readonly TColumn* _z;
    private readonly double* _e, _eLow, _outside, _outsideLow, _hit, _hitLow, _missed, _missedLow;

    /// <summary>Prepares for rows.</summary>
    /// <param name="classes">K.</param>
    /// <param name="temperature">T.</param>
    /// <param name="budget">What the memory is taken from.</param>
    public OverlapKernel(int classes, double temperature, MemoryBudget? budget)
    {
        (_classes, _temperature, _scale) = (classes, temperature, new(temperature));
        _memory = new((nuint)CountBytes(classes), budget);
        var start = (double*)_memory.Address;
        var columns = Width * classes;
        _z = (TColumn*)start;
        _e = start + columns;
        _eLow = _e + columns;
        _outside = _eLow + columns;
        _outsideLow = _outside + columns;
        _hit = _outsideLow + columns;
        _hitLow = _hit + classes;
        _missed = _hitLow + classes;
        _missedLow = _missed + classes;
        Clear();
    }

    /// <summary>The bytes of one.</summary>
    public static long CountBytes(int classes) => (long)sizeof(double) * NumbersOfClass * classes;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Add(Tensor predictions, in OverlapBlock block)
    {
        if (!Read(predictions, block, out _, out var max)) return false;
        var rest = StoreExponentials(max);
        var weights = WideDouble.Of(block.Weights & block.IsKept);
        var perWeight = WideDouble.One / (WideDouble.One + rest);
        var (one, number) = (Vector256<double>.One, Vector256<double>.Zero);
        var scale = perWeight * weights;
        var (own, ownLow, isLargest) = (Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero);
        for (var c = 0; c < _classes; c++, number += one)
        {
            var (e, eLow) = (Vector256.Load(_e + c * Width), Vector256.Load(_eLow + c * Width));
            var isOwn = Vector256.Equals(number, block.Classes);
            (own, ownLow) = (Lanes.Select(isOwn, e, own), Lanes.Select(isOwn, eLow, ownLow));
            isLargest = Lanes.Select(isOwn, Vector256.Equals(TColumn.Load(_z + c * Width), max), isLargest);
            var p = WideDouble.Of(Vector256.AndNot(e, isOwn), Vector256.AndNot(eLow, isOwn)) * scale;
            var (term, sum) = (p.Round(), Vector256.Load(_outside + c * Width));
            var next = sum + term;
            var added = next - sum;
            var error = (sum - (next - added)) + (term - added);
            next.Store(_outside + c * Width);
            (Vector256.Load(_outsideLow + c * Width) + (error + p.Rest())).Store(_outsideLow + c * Width);
        }
        var hit = WideDouble.Of(own, ownLow) * perWeight;
        var missed = WideDouble.Select(isLargest, rest * perWeight, WideDouble.One - hit) * weights;
        hit *= weights;
        for (var lane = 0; lane < Width; lane++)
        {
            if (block.IsKept.AsInt64()[lane] == 0) continue;
            var y = (int)block.Classes[lane];
            AddOne(_hit + y, _hitLow + y, hit.Round()[lane], hit.Rest()[lane]);
            AddOne(_missed + y, _missedLow + y, missed.Round()[lane], missed.Rest()[lane]);
        }
        return true;
    }

    /// <inheritdoc/>
    public void Drain(NumberRow<Dd> truePositives, NumberRow<Dd> falsePositives, NumberRow<Dd> falseNegatives)
    {
        for (var c = 0; c < _classes; c++)
        {
            var outside = Dd.Sum(Vector256.Load(_outside + c * Width), Vector256.Load(_outsideLow + c * Width));
            falsePositives.SetOne(c, falsePositives.Broadcast(c) + Dd.SumOfLanes(outside));
            truePositives.SetOne(c, truePositives.Broadcast(c) + Dd.Sum(Vector256.Create(_hit[c]), Vector256.Create(_hitLow[c])));
            falseNegatives.SetOne(c, falseNegatives.Broadcast(c) + Dd.Sum(Vector256.Create(_missed[c]), Vector256.Create(_missedLow[c])));
        }
        Clear();
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Write(Tensor predictions, Tensor gradient, in OverlapBlock block, ReadOnlySpan<double> outside, ReadOnlySpan<double> inside)
    {
        var isKept = (int)block.IsKept.ExtractMostSignificantBits();
        if (!Read(predictions, block, out var min, out var max)) return isKept;
        var rest = SoftmaxColumns<TColumn>.StoreExponentials(_z, _classes, min, max, _scale, _e);
        var part = Vector256<double>.One / (Vector256<double>.One + rest);
        var largest = StoreDerivatives(block, max, outside, inside, out var ofLargest);

        var (one, number) = (Vector256<double>.One, Vector256<double>.Zero);
        var (sum, size) = (Vector256<double>.Zero, Vector256<double>.Zero);
        for (var c = 0; c < _classes; c++, number += one)
        {
            var (e, v) = (Vector256.Load(_e + c * Width), Vector256.Load(_eLow + c * Width));
            sum = Vector256.FusedMultiplyAdd(e, v - ofLargest, sum);
            var own = Vector256.AndNot(e, Vector256.Equals(number, largest));
            size = Vector256.FusedMultiplyAdd(own, Vector256.Abs(v) + Vector256.Abs(ofLargest), size);
        }
        (sum, size, number) = (sum * part, size * part, Vector256<double>.Zero);
        var (factor, lost) = (part / Vector256.Create(_temperature), Vector256<double>.Zero);
        var least = Vector256.Create(SoftmaxKernel<TElement>.LeastPart);
        for (var c = 0; c < _classes; c++, number += one)
        {
            var (e, v) = (Vector256.Load(_e + c * Width), Vector256.Load(_eLow + c * Width));
            var difference = v - ofLargest - sum;
            var own = Vector256.AndNot(Vector256.Abs(v) + Vector256.Abs(ofLargest), Vector256.Equals(number, largest));
            lost |= Vector256.LessThan(Vector256.Abs(difference), least * (size + own));
            // no −0
            Vector256.FusedMultiplyAdd(e * factor, difference, Vector256<double>.Zero).Store(_e + c * Width);
        }
        var rows = stackalloc TElement*[Width];
        Locate(gradient, block, rows);
        SoftmaxColumns<TElement>.Write(_e, _classes, one, rows);
        return (int)(lost & block.IsKept).ExtractMostSignificantBits();
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private void Clear() => new Span<double>(_outside, 2 * Width * _classes + 4 * _classes).Clear();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Locate(Tensor tensor, in OverlapBlock block, TElement** rows)
    {
        for (var lane = 0; lane < Width; lane++) rows[lane] = (TElement*)tensor.Data + block.Rows[lane] * _classes;
    }

    /// <returns>Whether all probabilities are normal numbers.</returns>
    private bool Read(Tensor predictions, in OverlapBlock block, out Vector256<double> min, out Vector256<double> max)
    {
        var rows = stackalloc TElement*[Width];
        Locate(predictions, block, rows);
        min = SoftmaxColumns<TColumn>.Read(rows, _classes, _z, out max);
        return Vector256.LessThanAll(max - min, Vector256.Create(ShiftedExponential.NormalSpan * _temperature));
    }

    /// <summary>Stores e_c = exp((z_c − max)/T), and returns Σe − 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private WideDouble StoreExponentials(Vector256<double> max)
    {
        var (sum, count, temperature) = (WideDouble.Zero, Vector256<double>.Zero, Vector256.Create(_temperature));
        for (var c = 0; c < _classes; c++)
        {
            var z = TColumn.Load(_z + c * Width);
            var d = Dd.Difference(z, max);
            if (_temperature != 1) d /= temperature;
            var e = WideDouble.Exp(d.Hi, d.Lo);
            e.Round().Store(_e + c * Width);
            e.Rest().Store(_eLow + c * Width);
            var isLargest = Vector256.Equals(z, max);
            sum += WideDouble.Select(isLargest, WideDouble.Zero, e);
            count += isLargest & Vector256<double>.One;
        }
        return sum + WideDouble.Of(count - Vector256<double>.One);
    }

    /// <summary>Stores the derivative of each class by its p, and returns a class with the largest logit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Vector256<double> StoreDerivatives(in OverlapBlock block, Vector256<double> max, ReadOnlySpan<double> outside,
        ReadOnlySpan<double> inside, out Vector256<double> ofLargest)
    {
        var (one, number, largest) = (Vector256<double>.One, Vector256<double>.Zero, Vector256<double>.Zero);
        ofLargest = Vector256<double>.Zero;
        for (var c = 0; c < _classes; c++, number += one)
        {
            var isOwn = Vector256.Equals(number, block.Classes);
            var v = Lanes.Select(isOwn, Vector256.Create(-inside[c]), Vector256.Create(outside[c])) * block.Weights;
            v.Store(_eLow + c * Width);
            var isLargest = Vector256.Equals(TColumn.Load(_z + c * Width), max);
            (ofLargest, largest) = (Lanes.Select(isLargest, v, ofLargest), Lanes.Select(isLargest, number, largest));
        }
        return largest;
    }

    /// <summary>Adds a number of two parts to a sum of two parts.</summary>
    private static void AddOne(double* sum, double* low, double term, double rest)
    {
        var next = *sum + term;
        var added = next - *sum;
        *low += (*sum - (next - added)) + (term - added) + rest;
        *sum = next;
    }
}
