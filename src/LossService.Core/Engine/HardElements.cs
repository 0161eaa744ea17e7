using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Kernels;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>Binary cross-entropy of those elements of a block whose label is 0 or 1, by the kernel.</summary>
/// <param name="hasScore">Whether <see cref="BinaryScratch.Score"/> takes the place of the posted logits.</param>
/// <param name="scale">The factor of the derivatives by z/T + b.</param>
internal readonly unsafe struct HardElements(bool hasScore, double scale)
{
    /// <summary>The number of such elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Count(int count, BinaryScratch scratch)
    {
        // by compares alone: a branch on labels in no order costs more than all else
        var hard = Vector256<long>.Zero;
        for (var i = 0; i < count; i += Lanes.Width) hard -= AreHard(PlainDouble.Load(ref scratch.Label[i])).Round().AsInt64();
        // the padding of a last vector has labels of 0
        return (int)Vector256.Sum(hard) - (Lanes.Padded(count) - count);
    }

    /// <summary>Writes their places in the block, and returns their number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Find(int count, BinaryScratch scratch, Span<byte> places)
    {
        var hard = 0;
        for (var i = 0; i < count; i += Lanes.Width)
        {
            var bits = PlainDouble.GetBits(AreHard(PlainDouble.Load(ref scratch.Label[i])));
            for (; bits != 0 && i + uint.TrailingZeroCount(bits) < count; bits &= bits - 1)
                places[hard++] = (byte)(i + uint.TrailingZeroCount(bits));
        }
        return hard;
    }

    /// <summary>Scores them; the results of other elements stay.</summary>
    public void Score(int count, BinaryScratch scratch)
    {
        if (Lanes.HasMost) Score<PlainEight>(count, scratch);
        else Score<PlainDouble>(count, scratch);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void Score<TNumber>(int count, BinaryScratch s) where TNumber : struct, IPlainNumbers<TNumber>
    {
        var z = hasScore ? s.Score : s.Posted;
        TakeExponentials<TNumber>(count, z, s);
        var (one, factor) = (TNumber.One, TNumber.Of(scale));
        for (var i = 0; i < count; i += TNumber.Count)
        {
            var t = TNumber.Load(ref s.Label[i]);
            var isHard = AreHard(t);
            if (TNumber.GetBits(isHard) == 0) continue;
            var isPositive = (t - one).IsZero;
            var kernel = new LogisticKernel<TNumber>(TNumber.Load(ref z[i]), TNumber.Load(ref s.Start[i]), isPositive);
            var weight = TNumber.Load(ref s.Weight[i]) * TNumber.Select(isPositive, TNumber.Load(ref s.PosWeight[i]), one);
            // an infinite loss of weight 0 is 0, and an element that is not kept may be NaN
            var hasNoWeight = weight.IsZero;
            var loss = (hasScore ? kernel.LossOf(TNumber.Load(ref s.ScoreError[i])) : kernel.Loss) * weight;
            loss = TNumber.Select(hasNoWeight, TNumber.Zero, loss);
            var gradient = kernel.Derivative * (weight * TNumber.Select(isPositive, -factor, factor));
            gradient = TNumber.Select(hasNoWeight, TNumber.Zero, gradient);
            TNumber.Select(isHard, loss, TNumber.Load(ref s.Value[i])).StoreNearest(ref s.Value[i]);
            TNumber.Select(isHard, TNumber.Zero, TNumber.Load(ref s.ValueRest[i])).StoreNearest(ref s.ValueRest[i]);
            TNumber.Select(isHard, gradient, TNumber.Load(ref s.Gradient[i])).StoreNearest(ref s.Gradient[i]);
        }
    }

    /// <remarks>
    /// In a loop of its own: an exponential and a logarithm in one chain exceed the processor's out-of-order window, so that iterations do
    /// not overlap.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void TakeExponentials<TNumber>(int count, double* z, BinaryScratch s) where TNumber : struct, IPlainNumbers<TNumber>
    {
        for (var i = 0; i < count; i += TNumber.Count)
        {
            if (TNumber.GetBits(AreHard(TNumber.Load(ref s.Label[i]))) == 0) continue;
            var own = TNumber.Load(ref z[i]);
            var e = hasScore
                ? LogisticKernel<TNumber>.Exponential(own, TNumber.Load(ref s.ScoreError[i])) : LogisticKernel<TNumber>.Exponential(own);
            e.StoreNearest(ref s.Start[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TNumber AreHard<TNumber>(TNumber t) where TNumber : struct, IPlainNumbers<TNumber> =>
        (t - TNumber.One).IsZero | t.IsZero;
}
