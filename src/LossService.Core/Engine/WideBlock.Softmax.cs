using System.Runtime.CompilerServices;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <content>The softmax of its rows, as <see cref="WideSoftmax"/> computes that of one.</content>
internal readonly unsafe partial struct WideBlock
{
    /// <summary>Computes the exponentials of the logits, and what makes p, log p and 1 − p of them.</summary>
    /// <param name="temperature">T.</param>
    /// <returns>A bit for each row of which all p have their digits.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public uint Exponentiate(double temperature)
    {
        var areDefined = Lanes.HasMost ? Exponentiate<WideEight>(temperature) : Exponentiate<WideDouble>(temperature);
        for (var i = 0; i < Rows; i += Lanes.Width)
        {
            var others = Others.Load<Dd>(i);
            var inverse = Dd.One / (Dd.One + others);
            Inverse.Store(i, inverse);
            Log.Store(i, Dd.Log1p(others));
            Others.Store(i, others * inverse);
        }
        return areDefined;
    }

    /// <summary>log p, p and 1 − p of a class of each of some rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ReadSoftmax<TNumber>(int row, int c, in WideSoftmaxLanes<TNumber> softmax, ref ClassVector<TNumber> own)
        where TNumber : struct, IWideNumbers<TNumber>
    {
        var at = Find(row, c);
        own.P = Exponentials.Load<TNumber>(at) * softmax.Inverse;
        own.LogP = Logs.Load<TNumber>(at) - softmax.Log;
        own.Q = TNumber.Select(softmax.IsLargest(c), softmax.OfLargest, TNumber.One - own.P);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private uint Exponentiate<TNumber>(double temperature) where TNumber : struct, IWideNumbers<TNumber>
    {
        var areDefined = 0u;
        for (var i = 0; i < Rows; i += TNumber.Count)
        {
            var (max, largest) = FindLargest<TNumber>(i);
            areDefined |= TNumber.GetBits(StoreExponentials(i, max, largest, temperature) & max.IsFinite) << i;
            max.StoreHigh(ref Max[i]);
            largest.StoreHigh(ref Largest[i]);
        }
        return areDefined;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private (TNumber Max, TNumber Largest) FindLargest<TNumber>(int row) where TNumber : struct, IWideNumbers<TNumber>
    {
        var (max, largest) = (TNumber.Load(in Logs.Hi[row]), TNumber.Zero);
        for (var c = 1; c < Classes; c++)
        {
            var z = TNumber.Load(in Logs.Hi[Find(row, c)]);
            var isMore = TNumber.LessThan(max, z);
            max = TNumber.Select(isMore, z, max);
            largest = TNumber.Select(isMore, TNumber.Of(c), largest);
        }
        return (max, largest);
    }

    /// <returns>A mask of the rows of which all p have their digits.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TNumber StoreExponentials<TNumber>(int row, TNumber max, TNumber largest, double temperature)
        where TNumber : struct, IWideNumbers<TNumber>
    {
        var (least, lowest, none) =
            (TNumber.Of(WideSoftmax.LeastLog), TNumber.Of(double.MinValue), TNumber.Of(double.NegativeInfinity));
        var (lacks, isDivided, divisor) = (TNumber.Zero, temperature != 1, TNumber.Of(temperature));
        // two sums, so that an addition does not wait for the one before
        var (own, other) = (TNumber.Zero, TNumber.Zero);
        for (var c = 0; c < Classes; c++)
        {
            var at = Find(row, c);
            var logits = TNumber.Load(in Logs.Hi[at]);
            var d = logits - max;
            if (isDivided) d /= divisor;
            if (TNumber.GetBits(TNumber.LessThan(least, d)) != (1u << TNumber.Count) - 1)
            {
                // a class at −∞ has p = 0 and lacks nothing
                var isNone = TNumber.LessThan(logits, lowest);
                lacks |= ~(TNumber.LessThan(least, d) | isNone);
                d = TNumber.Select(isNone | d.IsNaN, none, d);
            }
            var e = TNumber.FineExpOfDifference(d);
            // a difference is normalized, and so is an exponential
            if (isDivided) Logs.Store(at, d);
            else Logs.StoreNormalized(at, d);
            Exponentials.StoreNormalized(at, e);
            // the largest's e is exactly 1; in the sum it would cost the others their low digits
            e = TNumber.Select(TNumber.IsEqual(largest, TNumber.Of(c)), TNumber.Zero, e);
            (own, other) = (other, own + e);
        }
        Others.Store(row, own + other);
        return ~lacks;
    }
}

/// <summary>What makes p, log p and 1 − p of the exponentials of some rows.</summary>
internal readonly struct WideSoftmaxLanes<TNumber> where TNumber : struct, IWideNumbers<TNumber>
{
    /// <summary>As those of <see cref="WideBlock"/>.</summary>
    public readonly TNumber Inverse, Log, OfLargest, Largest;

    /// <summary>Those of the rows from <paramref name="row"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe WideSoftmaxLanes(in WideBlock rows, int row)
    {
        (Inverse, Log, OfLargest) = (rows.Inverse.Load<TNumber>(row), rows.Log.Load<TNumber>(row), rows.Others.Load<TNumber>(row));
        Largest = TNumber.Load(in rows.Largest[row]);
    }

    /// <summary>A mask of the rows of which that class has the largest logit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TNumber IsLargest(int c) => TNumber.IsEqual(Largest, TNumber.Of(c));
}
