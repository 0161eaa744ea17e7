using System.Runtime.CompilerServices;
using LossService.Core.Kernels;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>Scores those elements of a block that a loss's kernel takes, with the bits of <see cref="LogisticBlock"/>.</summary>
/// <param name="hasScore">Whether <see cref="BinaryScratch.Score"/> takes the place of the posted logits.</param>
/// <param name="scale">The factor of the derivatives by z/T + b.</param>
/// <param name="targets">What becomes of labels.</param>
internal readonly unsafe struct LogisticElements<TLoss>(bool hasScore, double scale, LogisticTargets targets) where TLoss : ILogisticLoss
{
    /// <summary>The number of such elements.</summary>
    public int Count(int count, BinaryScratch scratch) => targets.AreHard ? HardElements.Count(count, scratch) : count;

    /// <summary>Scores them, and notes those that lack digits; the results of other elements stay.</summary>
    public void Score(int count, BinaryScratch scratch)
    {
        scratch.LostCount = 0;
        if (Lanes.HasMost) Score<PlainEight>(count, scratch);
        else Score<PlainDouble>(count, scratch);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void Score<TNumber>(int count, BinaryScratch s) where TNumber : struct, IPlainNumbers<TNumber>
    {
        var z = hasScore ? s.Score : s.Posted;
        Span<byte> starts = stackalloc byte[BinaryScratch.Block / Lanes.Width];
        starts = starts[..Find<TNumber>(count, s, starts)];
        TakeExponentials<TNumber>(starts, z, s);
        var (labels, factor) = (targets, TNumber.Of(scale));
        foreach (var i in starts)
        {
            var label = TNumber.Load(ref s.Label[i]);
            var isTaken = labels.Take(label);
            var (logits, e) = (TNumber.Load(ref z[i]), TNumber.Load(ref s.Start[i]));
            TNumber loss, derivative, lost;
            if (TLoss.KernelLabels == LogisticLabels.Hard)
            {
                loss = TLoss.AtHardLabel(new HardElement<TNumber>(logits, e, label), out derivative);
                lost = TNumber.Zero;
            }
            else
            {
                var (positive, negative) = labels.Read(label, TNumber.Load(ref s.PosWeight[i]));
                var error = hasScore ? TNumber.Load(ref s.ScoreError[i]) : TNumber.Zero;
                var element = new LogisticElement<TNumber>(logits, error, e, positive, negative);
                loss = TLoss.AtLogit(element, out derivative);
                lost = element.IsErrorLost;
            }
            var weight = TNumber.Load(ref s.Weight[i]);
            // an infinite loss of weight 0 is 0, and an element that is not kept may be NaN
            var hasNoWeight = weight.IsZero;
            loss = TNumber.Select(hasNoWeight, TNumber.Zero, loss * weight);
            var gradient = TNumber.Select(hasNoWeight, TNumber.Zero, derivative * (weight * factor));
            TNumber.Select(isTaken, loss, TNumber.Load(ref s.Value[i])).StoreNearest(ref s.Value[i]);
            TNumber.Select(isTaken, TNumber.Zero, TNumber.Load(ref s.ValueRest[i])).StoreNearest(ref s.ValueRest[i]);
            TNumber.Select(isTaken, gradient, TNumber.Load(ref s.Gradient[i])).StoreNearest(ref s.Gradient[i]);
            for (var bits = TNumber.GetBits(lost & isTaken & ~hasNoWeight); bits != 0; bits &= bits - 1)
                s.Lost[s.LostCount++] = (byte)(i + (int)uint.TrailingZeroCount(bits));
        }
    }

    /// <summary>Finds the vectors with such elements, without a branch for each.</summary>
    /// <returns>Their number.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Find<TNumber>(int count, BinaryScratch s, Span<byte> starts) where TNumber : struct, IPlainNumbers<TNumber>
    {
        var found = 0;
        for (var i = 0; i < count; i += TNumber.Count)
        {
            starts[found] = (byte)i;
            found += TNumber.GetBits(targets.Take(TNumber.Load(ref s.Label[i]))) != 0 ? 1 : 0;
        }
        return found;
    }

    /// <remarks>
    /// In a loop of its own: an exponential and a logarithm in one chain exceed the processor's out-of-order window, so that iterations do
    /// not overlap.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void TakeExponentials<TNumber>(ReadOnlySpan<byte> starts, double* z, BinaryScratch s)
        where TNumber : struct, IPlainNumbers<TNumber>
    {
        foreach (var i in starts)
        {
            var own = TNumber.Load(ref z[i]);
            var e = hasScore
                ? LogisticElement<TNumber>.Exponential(own, TNumber.Load(ref s.ScoreError[i])) : LogisticElement<TNumber>.Exponential(own);
            e.StoreNearest(ref s.Start[i]);
        }
    }
}
