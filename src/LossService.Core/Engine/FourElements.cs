using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>
/// Four elements of a binary batch: each a sample of its own. What a formula takes powers or differences of has the arithmetic
/// <typeparamref name="TWide"/>, whose errors may be multiplied; all else has <typeparamref name="TNumber"/>.
/// </summary>
/// <param name="Z">The logits as posted.</param>
/// <param name="P">p.</param>
/// <param name="Q">1 − p, by itself accurate.</param>
/// <param name="LogP">log p.</param>
/// <param name="LogQ">log(1 − p).</param>
/// <param name="T">t: the label after smoothing.</param>
/// <param name="U">1 − t, by itself accurate.</param>
/// <param name="PosWeight">The weight of the positive class.</param>
internal readonly record struct FourElements<TWide, TNumber>(
    TNumber Z, TWide P, TWide Q, TNumber LogP, TNumber LogQ, TWide T, TWide U, TNumber PosWeight)
    where TWide : struct, IArithmetic<TWide>
    where TNumber : struct, IArithmetic<TNumber>
{
    /// <summary>p − t, from the side where it does not cancel: for t = 1 it is −(1 − p).</summary>
    public TWide Error
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TWide.Select(IsMostlyPositive, U, P) - TWide.Select(IsMostlyPositive, Q, T);
    }

    /// <summary>The sum of the two numbers that <see cref="Error"/> is the difference of.</summary>
    public TWide ErrorSize
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TWide.Select(IsMostlyPositive, U, P) + TWide.Select(IsMostlyPositive, Q, T);
    }

    private Vector256<double> IsMostlyPositive
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TWide.LessThan(U, T);
    }

    /// <summary>The nearest number of the other arithmetic.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TNumber Narrow(TWide x) =>
        typeof(TWide) == typeof(TNumber) ? Unsafe.BitCast<TWide, TNumber>(x) : TNumber.Of(x.Round());
}
