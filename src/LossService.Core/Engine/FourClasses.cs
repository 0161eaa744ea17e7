using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>Four classes of a row.</summary>
/// <param name="LogP">log p_c.</param>
/// <param name="P">p_c.</param>
/// <param name="Q">1 − p_c, by itself accurate.</param>
/// <param name="T">t_c, after smoothing.</param>
/// <param name="U">1 − t_c, by itself accurate.</param>
/// <param name="W">w_c, the class weight.</param>
/// <param name="First">The number of the first of the four.</param>
/// <param name="SumsToOne">Whether Σp = 1 by construction, as after a softmax.</param>
/// <param name="HasExactTarget">Whether a double holds t_c exactly.</param>
internal readonly record struct FourClasses<TNumber>(
    TNumber LogP, TNumber P, TNumber Q, TNumber T, TNumber U, Vector256<double> W, int First, bool SumsToOne, bool HasExactTarget)
    where TNumber : struct, IArithmetic<TNumber>
{
    /// <summary>Whether <see cref="LogT"/> is given.</summary>
    public bool HasLogT { get; init; }

    /// <summary>ln t_c, where that is more than a function of t_c.</summary>
    public TNumber LogT { get; init; }

    /// <summary>p − t, from the side where it does not cancel: for t = 1 it is −(1 − p).</summary>
    public TNumber Error
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TNumber.Select(
            Vector256.GreaterThan(T.Round(), Vector256.Create(0.5)), U - Q, P - T);
    }

    /// <summary>|error| with what it may be where it is 0 by rounding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<double> Doubt(TNumber error) =>
        Vector256.FusedMultiplyAdd(ErrorSize, Vector256.Create(1.0 / (1L << 50)), Vector256.Abs(error.Round()));

    /// <summary>The sum of the numbers that <see cref="Error"/> is a difference of.</summary>
    public Vector256<double> ErrorSize
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Lanes.Select(
            Vector256.GreaterThan(T.Round(), Vector256.Create(0.5)),
            (HasExactTarget ? Vector256.Abs(Vector256<double>.One - T.Round()) : Vector256<double>.One) + Q.Round(),
            P.Round() + T.Round());
    }
}
