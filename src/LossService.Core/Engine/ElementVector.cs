using System.Runtime.CompilerServices;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>
/// Some elements of a binary batch, as many as their arithmetic has lanes: each a sample of its own. What a formula takes powers or
/// differences of has the arithmetic <typeparamref name="TWide"/>, whose errors may be multiplied; all else has
/// <typeparamref name="TNumber"/>.
/// </summary>
/// <remarks>Fields, because the compiler inlines no more than some hundred calls into a formula's loop.</remarks>
internal struct ElementVector<TWide, TNumber>
    where TWide : struct, IArithmetic<TWide>
    where TNumber : struct, IArithmetic<TNumber>
{
    /// <summary>The logits as posted.</summary>
    public TNumber Z;

    /// <summary>p.</summary>
    public TWide P;

    /// <summary>1 − p, by itself accurate.</summary>
    public TWide Q;

    /// <summary>log p.</summary>
    public TNumber LogP;

    /// <summary>log(1 − p).</summary>
    public TNumber LogQ;

    /// <summary>t: the label after smoothing.</summary>
    public TWide T;

    /// <summary>1 − t, by itself accurate.</summary>
    public TWide U;

    /// <summary>The weight of the positive class.</summary>
    public TNumber PosWeight;

    /// <summary>p − t, from the side where it does not cancel: for t = 1 it is −(1 − p).</summary>
    public readonly TWide Error
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TWide.Select(IsMostlyPositive, U, P) - TWide.Select(IsMostlyPositive, Q, T);
    }

    /// <summary>The sum of the two numbers that <see cref="Error"/> is the difference of.</summary>
    public readonly TWide ErrorSize
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TWide.Select(IsMostlyPositive, U, P) + TWide.Select(IsMostlyPositive, Q, T);
    }

    private readonly TWide IsMostlyPositive
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TWide.LessThan(U, T);
    }

    /// <summary>The nearest number of the other arithmetic.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TNumber Narrow(TWide x) => typeof(TWide) == typeof(TNumber)
        ? Unsafe.BitCast<TWide, TNumber>(x)
        : typeof(TWide) == typeof(WideEight)
        ? Unsafe.BitCast<PlainEight, TNumber>(Unsafe.BitCast<TWide, WideEight>(x).ToPlain())
        : Unsafe.BitCast<PlainDouble, TNumber>(Unsafe.BitCast<TWide, WideDouble>(x).ToPlain());

    /// <summary>A mask in the other arithmetic.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TNumber NarrowMask(TWide mask) => typeof(TWide) == typeof(TNumber)
        ? Unsafe.BitCast<TWide, TNumber>(mask)
        : typeof(TWide) == typeof(WideEight)
        ? Unsafe.BitCast<PlainEight, TNumber>(Unsafe.BitCast<TWide, WideEight>(mask).ToMask())
        : Unsafe.BitCast<PlainDouble, TNumber>(Unsafe.BitCast<TWide, WideDouble>(mask).ToMask());
}
