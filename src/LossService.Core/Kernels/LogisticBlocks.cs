using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Kernels;

/// <summary>The stretch for each pair of dtypes.</summary>
internal static unsafe class LogisticBlocks
{
    /// <summary>The stretch for logits and labels of these dtypes, or null.</summary>
    public static LogisticBlock? For(DType logits, DType labels) => logits switch
    {
        DType.Float32 => For<StoredFloat32>(labels),
        DType.Float64 => For<StoredFloat64>(labels),
        _ => null,
    };

    private static LogisticBlock? For<TElement>(DType labels) where TElement : unmanaged, IStoredFloat<TElement> => labels switch
    {
        DType.Int64 => TryScore<TElement, StoredInt64>,
        DType.Int32 => TryScore<TElement, StoredInt32>,
        DType.Bool or DType.UInt8 => TryScore<TElement, StoredByte>,
        DType.Float32 => TryScore<TElement, StoredFloat32>,
        DType.Float64 => TryScore<TElement, StoredFloat64>,
        _ => null,
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool TryScore<TElement, TLabel>(
        byte* z, byte* t, int count, double posWeight, double scale, double* losses, byte* gradient)
        where TElement : unmanaged, IStoredFloat<TElement>
        where TLabel : unmanaged, IStored<TLabel>
    {
        Exponentials((TElement*)z, count, losses);
        var isSoft = Vector512<double>.Zero;
        var (weight, derivativeWeight) = (Vector512.Create(posWeight), Vector512.Create(-posWeight * scale));
        for (var i = 0; i < count; i += DdRow.Width)
        {
            var label = TLabel.Load((TLabel*)t + i);
            var isPositive = Vector512.Equals(label, Vector512<double>.One);
            isSoft |= Vector512.AndNot(label, isPositive);
            var kernel = new LogisticKernel(TElement.Load((TElement*)z + i), Vector512.Load(losses + i), isPositive);
            (kernel.Loss * Vector512.ConditionalSelect(isPositive, weight, Vector512<double>.One)).Store(losses + i);
            if (gradient == null) continue;
            var factor = Vector512.ConditionalSelect(isPositive, derivativeWeight, Vector512.Create(scale));
            TElement.Store(kernel.Derivative * factor, (TElement*)gradient + i);
        }
        return Vector512.EqualsAll(isSoft, Vector512<double>.Zero);
    }

    /// <summary>
    /// Stores exp(−|z|), in a loop of its own: an exponential and a logarithm in one chain are so long that the processor's
    /// queues hold no second one to work on meanwhile.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Exponentials<TElement>(TElement* z, int count, double* e) where TElement : unmanaged, IStoredFloat<TElement>
    {
        var (least, largest) = TElement.Range(z, count);
        if (Math.Max(-least, largest) <= ShiftedExponential.NormalSpan)
            for (var i = 0; i < count; i += DdRow.Width) LogisticKernel.ExponentialNear(TElement.Load(z + i)).Store(e + i);
        else
            for (var i = 0; i < count; i += DdRow.Width) LogisticKernel.Exponential(TElement.Load(z + i)).Store(e + i);
    }
}
