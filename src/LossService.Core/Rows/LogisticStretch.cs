using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Rows;

/// <summary>Scores plain elements by <see cref="LogisticKernel"/>, from the tensors' memory straight into the gradient's.</summary>
/// <param name="z">The first logit.</param>
/// <param name="t">The first label.</param>
/// <param name="count">How many; a multiple of eight.</param>
/// <param name="posWeight">What positive elements weigh, above 0; the others weigh 1.</param>
/// <param name="scale">What the slopes are multiplied by.</param>
/// <param name="losses">Where the weighted losses go.</param>
/// <param name="gradient">Where the first slope goes; null = nowhere.</param>
/// <returns>Whether every label was 0 or 1; if one was not, what was written means nothing.</returns>
internal unsafe delegate bool LogisticStretch(
    byte* z, byte* t, int count, double posWeight, double scale, double* losses, byte* gradient);

/// <summary>The stretch for each pair of dtypes.</summary>
internal static unsafe class LogisticStretches
{
    /// <summary>The stretch for logits and labels of these dtypes, or null.</summary>
    public static LogisticStretch? For(DType logits, DType labels) => logits switch
    {
        DType.Float32 => For<Float32Row>(labels),
        DType.Float64 => For<Float64Row>(labels),
        _ => null,
    };

    private static LogisticStretch? For<TElement>(DType labels) where TElement : unmanaged, IRowElement<TElement> => labels switch
    {
        DType.Int64 => TryScore<TElement, Int64Label>,
        DType.Int32 => TryScore<TElement, Int32Label>,
        DType.Bool or DType.UInt8 => TryScore<TElement, ByteLabel>,
        DType.Float32 => TryScore<TElement, Float32Row>,
        DType.Float64 => TryScore<TElement, Float64Row>,
        _ => null,
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool TryScore<TElement, TLabel>(
        byte* z, byte* t, int count, double posWeight, double scale, double* losses, byte* gradient)
        where TElement : unmanaged, IRowElement<TElement>
        where TLabel : unmanaged, IElement<TLabel>
    {
        Exponentials((TElement*)z, count, losses);
        var isSoft = Vector512<double>.Zero;
        var (weight, slopeWeight) = (Vector512.Create(posWeight), Vector512.Create(-posWeight * scale));
        for (var i = 0; i < count; i += DdRow.Lanes)
        {
            var label = TLabel.Load((TLabel*)t + i);
            var isPositive = Vector512.Equals(label, Vector512<double>.One);
            isSoft |= Vector512.AndNot(label, isPositive);
            var kernel = new LogisticKernel(TElement.Load((TElement*)z + i), Vector512.Load(losses + i), isPositive);
            (kernel.Loss * Vector512.ConditionalSelect(isPositive, weight, Vector512<double>.One)).Store(losses + i);
            if (gradient == null) continue;
            var factor = Vector512.ConditionalSelect(isPositive, slopeWeight, Vector512.Create(scale));
            TElement.Store(kernel.Slope * factor, (TElement*)gradient + i);
        }
        return Vector512.EqualsAll(isSoft, Vector512<double>.Zero);
    }

    /// <summary>
    /// Stores exp(−|z|), in a loop of its own: an exponential and a logarithm in one chain are so long that the processor's
    /// queues hold no second one to work on meanwhile.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Exponentials<TElement>(TElement* z, int count, double* e) where TElement : unmanaged, IRowElement<TElement>
    {
        var (least, largest) = TElement.Range(z, count);
        if (Math.Max(-least, largest) <= ShiftedExponential.NormalSpan)
            for (var i = 0; i < count; i += DdRow.Lanes) LogisticKernel.ExponentialOfNear(TElement.Load(z + i)).Store(e + i);
        else
            for (var i = 0; i < count; i += DdRow.Lanes) LogisticKernel.Exponential(TElement.Load(z + i)).Store(e + i);
    }
}
