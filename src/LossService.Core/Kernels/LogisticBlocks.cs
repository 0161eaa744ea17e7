using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Kernels;

/// <summary>The implementation of <see cref="LogisticBlock"/> for each pair of dtypes.</summary>
internal static unsafe class LogisticBlocks
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool TryScore<TElement, TLabel>(
        byte* z, byte* t, int count, double posWeight, double scale, in LogisticScores scores, double* losses, byte* gradient)
        where TElement : unmanaged, IStoredFloat<TElement>
        where TLabel : unmanaged, IStored<TLabel>
    {
        // in a loop of its own: an exponential and a logarithm in one chain exceed the processor's out-of-order window, so that
        // iterations do not overlap
        var (own, isScored) = (scores, scores.AreAny);
        var start = !isScored && EightExponentials.AreSupported ? SigmoidEights.StoreExponentials((TElement*)z, count, losses) : 0;
        for (var i = start; i < count; i += Lanes.Width)
        {
            var e = isScored
                ? LogisticKernel.Exponential(own.Load(i), own.LoadErrors(i)) : LogisticKernel.Exponential(TElement.Load((TElement*)z + i));
            e.Store(losses + i);
        }
        var isSoft = Vector256<double>.Zero;
        var (weight, derivativeWeight) = (Vector256.Create(posWeight), Vector256.Create(-posWeight * scale));
        for (var i = 0; i < count; i += Lanes.Width)
        {
            var label = TLabel.Load((TLabel*)t + i);
            var isPositive = Vector256.Equals(label, Vector256<double>.One);
            isSoft |= Vector256.AndNot(label, isPositive);
            var logits = isScored ? own.Load(i) : TElement.Load((TElement*)z + i);
            var kernel = new LogisticKernel(logits, Vector256.Load(losses + i), isPositive);
            var loss = isScored ? kernel.LossOf(own.LoadErrors(i)) : kernel.Loss;
            (loss * Lanes.Select(isPositive, weight, Vector256<double>.One)).Store(losses + i);
            if (gradient == null) continue;
            var factor = Lanes.Select(isPositive, derivativeWeight, Vector256.Create(scale));
            TElement.Store(kernel.Derivative * factor, (TElement*)gradient + i);
        }
        return Vector256.EqualsAll(isSoft, Vector256<double>.Zero);
    }
}
