using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Kernels;

/// <content>
/// The gradients of four rows, class by class. The derivative by p is v = w·(outside·(1 − t) − inside·t); its size has the sum instead.
/// </content>
internal sealed unsafe partial class OverlapKernel<TElement, TColumn>
{
    /// <summary>
    /// Where |difference| is below this part of what it is computed from, a float64 may lack digits: p and v have 2⁻⁶⁸, which is then up to
    /// 2⁻⁵⁴ of the difference.
    /// </summary>
    private const double LeastWidePart = 1.0 / (1 << 14);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void SetDerivatives(NumberRow<Dd> outside, NumberRow<Dd> inside)
    {
        for (var c = 0; c < _classes; c++)
        {
            outside.Broadcast(c).Hi.Store(_outside + c * Width);
            outside.Broadcast(c).Lo.Store(_outsideLow + c * Width);
            inside.Broadcast(c).Hi.Store(_inside + c * Width);
            inside.Broadcast(c).Lo.Store(_insideLow + c * Width);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Write(Tensor predictions, Tensor gradient, in OverlapBlock block)
    {
        var isKept = (int)block.IsKept.ExtractMostSignificantBits();
        if (!Read(predictions, block, out var min, out var max)) return isKept;
        Repeat(block.Weights, _weights);
        Vector256<double> lost;
        if (typeof(TElement) == typeof(StoredFloat64))
        {
            FindProbabilities(max);
            lost = _isSigmoid ? DifferentiateWideSigmoids() : DifferentiateWide(max);
        }
        else if (_isSigmoid)
        {
            lost = Vector256<double>.Zero;
            DifferentiateSigmoids<PlainDouble>(Lanes.HasMost ? DifferentiateSigmoids<PlainEight>(0, ref lost) : 0, ref lost);
        }
        else
        {
            lost = Differentiate(min, max);
        }
        var rows = stackalloc TElement*[Width];
        Locate(gradient, block, rows);
        SoftmaxColumns<TElement>.Write(_p, _classes, Vector256<double>.One, rows);
        return (int)(lost & block.IsKept).ExtractMostSignificantBits();
    }

    /// <summary>Stores derivatives by z in place of p, and returns the rows in which one lacks digits of a float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private Vector256<double> Differentiate(Vector256<double> min, Vector256<double> max)
    {
        var rest = SoftmaxColumns<TColumn>.StoreExponentials((TColumn*)_kept, _classes, min, max, _scale, _p);
        var part = Vector256<double>.One / (Vector256<double>.One + rest);
        var (one, number, largest) = (Vector256<double>.One, Vector256<double>.Zero, Vector256<double>.Zero);
        var (ofLargest, sizeOfLargest) = (Vector256<double>.Zero, Vector256<double>.Zero);
        for (var c = 0; c < Width * _classes; c += Width, number += one)
        {
            FindDerivative<PlainDouble>(c, out var size).StoreNearest(ref _q[c]);
            size.StoreNearest(ref _qLow[c]);
            var isLargest = Vector256.Equals(Vector256.Load(_z + c), max);
            ofLargest = Lanes.Select(isLargest, Vector256.Load(_q + c), ofLargest);
            sizeOfLargest = Lanes.Select(isLargest, Vector256.Load(_qLow + c), sizeOfLargest);
            largest = Lanes.Select(isLargest, number, largest);
        }
        var (sum, all) = (Vector256<double>.Zero, Vector256<double>.Zero);
        number = Vector256<double>.Zero;
        for (var c = 0; c < Width * _classes; c += Width, number += one)
        {
            var e = Vector256.Load(_p + c);
            sum = Vector256.FusedMultiplyAdd(e, Vector256.Load(_q + c) - ofLargest, sum);
            var own = Vector256.AndNot(e, Vector256.Equals(number, largest));
            all = Vector256.FusedMultiplyAdd(own, Vector256.Load(_qLow + c) + sizeOfLargest, all);
        }
        (sum, all, number) = (sum * part, all * part, Vector256<double>.Zero);
        var (factor, lost) = (part / Vector256.Create(_temperature), Vector256<double>.Zero);
        var least = Vector256.Create(SoftmaxKernel<TElement>.LeastPart);
        for (var c = 0; c < Width * _classes; c += Width, number += one)
        {
            var difference = Vector256.Load(_q + c) - ofLargest - sum;
            var own = Vector256.AndNot(Vector256.Load(_qLow + c) + sizeOfLargest, Vector256.Equals(number, largest));
            lost |= Vector256.LessThan(Vector256.Abs(difference), least * (all + own));
            // no −0
            Vector256.FusedMultiplyAdd(Vector256.Load(_p + c) * factor, difference, Vector256<double>.Zero).Store(_p + c);
        }
        return lost;
    }

    /// <summary>The same of sigmoids, each by itself: p·(1 − p)·v.</summary>
    /// <remarks>The rounding error of z/T is at most 2⁻⁴³ of the exponential.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private int DifferentiateSigmoids<TNumber>(int c, ref Vector256<double> lost) where TNumber : struct, IPlainNumbers<TNumber>
    {
        var (step, perUnit) = (TNumber.Count / Width, TNumber.One / TNumber.Of(_temperature));
        var (any, least) = (TNumber.Zero, TNumber.Of(SoftmaxKernel<TElement>.LeastPart));
        for (; c <= _classes - step; c += step)
        {
            var at = c * Width;
            var e = TNumber.ExpOfNegative(-TNumber.Abs(TNumber.Load(ref _z[at])) * perUnit);
            var large = TNumber.One / (TNumber.One + e);
            var v = FindDerivative<TNumber>(at, out var size);
            any |= TNumber.LessThan(TNumber.Abs(v), least * size);
            // no −0
            TNumber.FusedMultiplyAdd(e * large * large * perUnit, v, TNumber.Zero).StoreNearest(ref _p[at]);
        }
        lost |= TNumber.Join(any);
        return c;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TNumber FindDerivative<TNumber>(int at, out TNumber size) where TNumber : struct, IPlainNumbers<TNumber>
    {
        var (t, weight) = (TNumber.Load(ref _t[at]), TNumber.Load(ref *_weights));
        var outside = TNumber.Load(ref _outside[at]) * (TNumber.One - t) * weight;
        var inside = TNumber.Load(ref _inside[at]) * t * weight;
        size = outside + inside;
        return outside - inside;
    }

    /// <summary>The same from p with more digits, for a float64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private Vector256<double> DifferentiateWide(Vector256<double> max)
    {
        var (one, number, largest) = (Vector256<double>.One, Vector256<double>.Zero, Vector256<double>.Zero);
        var (ofLargest, sizeOfLargest) = (WideDouble.Zero, Vector256<double>.Zero);
        for (var c = 0; c < Width * _classes; c += Width, number += one)
        {
            var isLargest = Vector256.Equals(Vector256.Load(_z + c), max);
            var v = FindWideDerivative(c, out var size);
            v.StoreParts(ref _q[c], ref _qLow[c]);
            size.Store(_z + c);
            ofLargest = WideDouble.Select(isLargest, v, ofLargest);
            sizeOfLargest = Lanes.Select(isLargest, size, sizeOfLargest);
            largest = Lanes.Select(isLargest, number, largest);
        }
        var (sum, all) = (WideDouble.Zero, Vector256<double>.Zero);
        number = Vector256<double>.Zero;
        for (var c = 0; c < Width * _classes; c += Width, number += one)
        {
            var p = WideDouble.Load(ref _p[c], ref _pLow[c]);
            sum += p * (WideDouble.Load(ref _q[c], ref _qLow[c]) - ofLargest);
            var own = Vector256.AndNot(p.Round(), Vector256.Equals(number, largest));
            all = Vector256.FusedMultiplyAdd(own, Vector256.Load(_z + c) + sizeOfLargest, all);
        }
        var (perUnit, lost) = (WideDouble.One / WideDouble.Of(_temperature), Vector256<double>.Zero);
        number = Vector256<double>.Zero;
        for (var c = 0; c < Width * _classes; c += Width, number += one)
        {
            var difference = WideDouble.Load(ref _q[c], ref _qLow[c]) - ofLargest - sum;
            var own = Vector256.AndNot(Vector256.Load(_z + c) + sizeOfLargest, Vector256.Equals(number, largest));
            lost |= Vector256.LessThan(Vector256.Abs(difference.Round()), Vector256.Create(LeastWidePart) * (all + own));
            Round(WideDouble.Load(ref _p[c], ref _pLow[c]) * difference * perUnit).Store(_p + c);
        }
        return lost;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private Vector256<double> DifferentiateWideSigmoids()
    {
        var (perUnit, lost) = (WideDouble.One / WideDouble.Of(_temperature), Vector256<double>.Zero);
        for (var c = 0; c < Width * _classes; c += Width)
        {
            var v = FindWideDerivative(c, out var size);
            lost |= Vector256.LessThan(Vector256.Abs(v.Round()), Vector256.Create(LeastWidePart) * size);
            var variance = WideDouble.Load(ref _p[c], ref _pLow[c]) * WideDouble.Load(ref _q[c], ref _qLow[c]);
            Round(variance * v * perUnit).Store(_p + c);
        }
        return lost;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private WideDouble FindWideDerivative(int at, out Vector256<double> size)
    {
        var (t, weight) = (WideDouble.Load(ref _t[at]), WideDouble.Load(ref *_weights));
        var outside = WideDouble.Load(ref _outside[at], ref _outsideLow[at]) * (WideDouble.One - t) * weight;
        var inside = WideDouble.Load(ref _inside[at], ref _insideLow[at]) * t * weight;
        size = outside.Round() + inside.Round();
        return outside - inside;
    }

    /// <summary>No −0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Round(WideDouble number) => number.Round() + Vector256<double>.Zero;
}
