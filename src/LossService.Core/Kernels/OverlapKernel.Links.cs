using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <content>p and 1 − p of four rows, class by class, with 62 bits and more: by a softmax, or by a sigmoid of each class.</content>
internal sealed unsafe partial class OverlapKernel<TElement, TColumn>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FindProbabilities(Vector256<double> max)
    {
        if (_isSigmoid)
        {
            FindSigmoids<WideDouble>(Lanes.HasMost ? FindSigmoids<WideEight>(0) : 0);
            return;
        }
        Repeat(max, _max);
        var rest = Exponentiate();
        var factor = WideDouble.One / (WideDouble.One + rest);
        Repeat(factor.Round(), _factor);
        Repeat(factor.Rest(), _factorLow);
        rest *= factor;
        Repeat(rest.Round(), _rest);
        Repeat(rest.Rest(), _restLow);
        Normalize<WideDouble>(Lanes.HasMost ? Normalize<WideEight>(0) : 0);
    }

    /// <summary>The smaller of p and 1 − p is e/(1 + e) with e = e^−|z/T|, the larger 1/(1 + e).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private int FindSigmoids<TWide>(int c) where TWide : struct, IWideNumbers<TWide>
    {
        var (step, temperature) = (TWide.Count / Width, TWide.Of(_temperature));
        for (; c <= _classes - step; c += step)
        {
            var at = c * Width;
            var z = TWide.Load(ref _z[at]);
            if (_temperature != 1) z /= temperature;
            var e = TWide.FineExpOfDifference(-TWide.Abs(z));
            var large = TWide.One / (TWide.One + e);
            var (small, isNegative) = (e * large, TWide.LessThan(z, TWide.Zero));
            TWide.Select(isNegative, small, large).StoreParts(ref _p[at], ref _pLow[at]);
            TWide.Select(isNegative, large, small).StoreParts(ref _q[at], ref _qLow[at]);
        }
        return c;
    }

    /// <summary>Stores e_c = exp((z_c − max)/T) in place of p, and returns Σe − 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private WideDouble Exponentiate()
    {
        var (c, even, odd) = (0, WideDouble.Zero, WideDouble.Zero);
        if (Lanes.HasMost) c = ExponentiateTwos(ref even, ref odd);
        for (; c < _classes; c++) (even, odd) = (odd, even + Exponentiate<WideDouble>(c * Width));
        // equal logits are a largest each: all but one of them count
        var (max, largest) = (Vector256.Load(_max), Vector256<double>.Zero);
        for (c = 0; c < Width * _classes; c += Width) largest += Vector256.Equals(Vector256.Load(_z + c), max) & Vector256<double>.One;
        return even + odd + WideDouble.Of(largest - Vector256<double>.One);
    }

    /// <summary>The same of two classes at a time, the even ones and the odd ones by themselves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private int ExponentiateTwos(ref WideDouble even, ref WideDouble odd)
    {
        var (c, sum) = (0, WideEight.Zero);
        for (; c < _classes - 1; c += 2) sum += Exponentiate<WideEight>(c * Width);
        sum.StoreParts(ref *_factor, ref *_factorLow);
        even = WideDouble.Load(ref *_factor, ref *_factorLow);
        odd = WideDouble.Load(ref _factor[Width], ref _factorLow[Width]);
        return c;
    }

    /// <summary>Stores the exponentials from a column on, and returns those that are not of a largest class.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TWide Exponentiate<TWide>(int at) where TWide : struct, IWideNumbers<TWide>
    {
        var d = TWide.Load(ref _z[at]) - TWide.Load(ref *_max);
        var isLargest = d.IsZero;
        if (_temperature != 1) d /= TWide.Of(_temperature);
        var e = TWide.FineExpOfDifference(d);
        e.StoreParts(ref _p[at], ref _pLow[at]);
        return TWide.Select(isLargest, TWide.Zero, e);
    }

    /// <summary>Stores p = e·factor and 1 − p from a class on, and returns the first that is left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private int Normalize<TWide>(int c) where TWide : struct, IWideNumbers<TWide>
    {
        var (step, factor) = (TWide.Count / Width, TWide.Load(ref *_factor, ref *_factorLow));
        var (rest, max) = (TWide.Load(ref *_rest, ref *_restLow), TWide.Load(ref *_max));
        for (; c <= _classes - step; c += step)
        {
            var at = c * Width;
            var p = TWide.Load(ref _p[at], ref _pLow[at]) * factor;
            p.StoreParts(ref _p[at], ref _pLow[at]);
            var isLargest = (TWide.Load(ref _z[at]) - max).IsZero;
            TWide.Select(isLargest, rest, TWide.One - p).StoreParts(ref _q[at], ref _qLow[at]);
        }
        return c;
    }
}
