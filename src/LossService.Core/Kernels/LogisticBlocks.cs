using System.Runtime.CompilerServices;
using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Kernels;

/// <summary>The implementation of <see cref="LogisticBlock"/> for a loss and each pair of dtypes.</summary>
internal static unsafe class LogisticBlocks<TLoss> where TLoss : ILogisticLoss
{
    /// <summary>The implementation for logits and labels of these dtypes; null where there is none.</summary>
    public static LogisticBlock? For(DType logits, DType labels) => logits switch
    {
        DType.Float16 => For<StoredFloat16>(labels),
        DType.BFloat16 => For<StoredBFloat16>(labels),
        DType.Float32 => For<StoredFloat32>(labels),
        DType.Float64 => For<StoredFloat64>(labels),
        _ => null,
    };

    private static LogisticBlock? For<TElement>(DType labels) where TElement : unmanaged, IStoredFloat<TElement> => labels switch
    {
        DType.Int64 => TryScore<TElement, StoredInt64>,
        DType.Int32 => TryScore<TElement, StoredInt32>,
        DType.Bool or DType.UInt8 => TryScore<TElement, StoredByte>,
        DType.Float16 => TryScore<TElement, StoredFloat16>,
        DType.BFloat16 => TryScore<TElement, StoredBFloat16>,
        DType.Float32 => TryScore<TElement, StoredFloat32>,
        DType.Float64 => TryScore<TElement, StoredFloat64>,
        _ => null,
    };

    private static bool TryScore<TElement, TLabel>(
        byte* z, byte* t, int count, in LogisticTargets targets, double posWeight, double scale, in LogisticScores scores, double* losses,
        byte* gradient, ref LogisticJudgements judgements)
        where TElement : unmanaged, IStoredFloat<TElement>
        where TLabel : unmanaged, IStored<TLabel>
    {
        TElement* logits = (TElement*)z, to = (TElement*)gradient;
        var labels = (TLabel*)t;
        var (done, isDone) = (0, true);
        if (Lanes.HasMost)
        {
            done = Score<TElement, TLabel, PlainEight>(
                logits, labels, 0, count, targets, posWeight, scale, scores, losses, to, ref judgements, ref isDone);
        }
        Score<TElement, TLabel, PlainDouble>(
            logits, labels, done, count, targets, posWeight, scale, scores, losses, to, ref judgements, ref isDone);
        return isDone;
    }

    /// <summary>Does the elements from <paramref name="start"/> on, as far as there are whole vectors.</summary>
    /// <returns>The first that is left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int Score<TElement, TLabel, TNumber>(
        TElement* z, TLabel* t, int start, int count, in LogisticTargets targets, double posWeight, double scale,
        in LogisticScores scores, double* losses, TElement* gradient, ref LogisticJudgements judgements, ref bool isDone)
        where TElement : unmanaged, IStoredFloat<TElement>
        where TLabel : unmanaged, IStored<TLabel>
        where TNumber : struct, IPlainNumbers<TNumber>
    {
        var (own, isScored, end) = (scores, scores.AreAny, start + (count - start) / TNumber.Count * TNumber.Count);
        if (start >= end) return end;
        var (lost, judged, judges) = (TNumber.Zero, judgements, judgements.AreWanted);
        var (labels, weight, factor) = (targets, TNumber.Of(posWeight), TNumber.Of(scale));
        // one vector ahead: an exponential and what follows in one chain exceed the processor's out-of-order window, so that iterations
        // do not overlap
        var next = TakeExponential<TElement, TNumber>(z, own, start, out var nextLogits);
        for (var i = start; i < end; i += TNumber.Count)
        {
            var (e, logits) = (next, nextLogits);
            next = TakeExponential<TElement, TNumber>(z, own, i + TNumber.Count < end ? i + TNumber.Count : i, out nextLogits);
            var label = TNumber.Load(t + i);
            var errors = isScored ? own.LoadErrors<TNumber>(i) : TNumber.Zero;
            TNumber derivative;
            if (TLoss.KernelLabels == LogisticLabels.Hard)
            {
                TLoss.AtHardLabel(new HardElement<TNumber>(logits, e, label), out derivative).StoreNearest(ref losses[i]);
                lost |= HardElement<TNumber>.FindSoft(label);
            }
            else
            {
                var (positive, negative) = labels.Read(label, weight);
                var element = new LogisticElement<TNumber>(logits, errors, e, positive, negative);
                TLoss.AtLogit(element, out derivative).StoreNearest(ref losses[i]);
                lost |= labels.AreHard ? HardElement<TNumber>.FindSoft(label) : element.IsErrorLost;
            }
            if (judges) judged.Add(i, logits, errors, e, label);
            if (gradient != null) (derivative * factor).Store(gradient + i);
        }
        judgements = judged;
        isDone &= TNumber.GetBits(~lost.IsZero) == 0;
        return end;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TNumber TakeExponential<TElement, TNumber>(TElement* z, in LogisticScores scores, int i, out TNumber logits)
        where TElement : unmanaged, IStoredFloat<TElement>
        where TNumber : struct, IPlainNumbers<TNumber>
    {
        logits = scores.AreAny ? scores.Load<TNumber>(i) : TNumber.Load(z + i);
        return scores.AreAny
            ? LogisticElement<TNumber>.Exponential(logits, scores.LoadErrors<TNumber>(i)) : LogisticElement<TNumber>.Exponential(logits);
    }
}
