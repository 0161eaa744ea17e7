using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>Eight classes of a row.</summary>
/// <param name="LogP">log p_c.</param>
/// <param name="P">p_c.</param>
/// <param name="Q">1 − p_c, by itself accurate.</param>
/// <param name="T">t_c, after smoothing.</param>
/// <param name="W">w_c, the class weight.</param>
/// <param name="First">The number of the first of the eight.</param>
/// <param name="SumsToOne">Whether Σp = 1 by construction, as after a softmax.</param>
/// <param name="HasExactTarget">Whether a double holds t_c exactly.</param>
internal readonly record struct EightClasses<TNumber>(
    TNumber LogP, TNumber P, TNumber Q, TNumber T, Vector512<double> W, int First, bool SumsToOne, bool HasExactTarget)
    where TNumber : struct, IArithmetic<TNumber>
{
    /// <summary>p − t, from the side where it does not cancel: for t = 1 it is −(1 − p).</summary>
    public TNumber Error
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TNumber.Select(
            Vector512.GreaterThan(T.Round(), Vector512.Create(0.5)), TNumber.One - T - Q, P - T);
    }

    /// <summary>|error| with what it may be where it is 0 by rounding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<double> Doubt(TNumber error) =>
        Vector512.FusedMultiplyAdd(ErrorSize, Vector512.Create(1.0 / (1L << 50)), Vector512.Abs(error.Round()));

    /// <summary>The sum of the numbers that <see cref="Error"/> is a difference of.</summary>
    public Vector512<double> ErrorSize
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.ConditionalSelect(
            Vector512.GreaterThan(T.Round(), Vector512.Create(0.5)),
            (HasExactTarget ? Vector512.Abs(Vector512<double>.One - T.Round()) : Vector512<double>.One) + Q.Round(),
            P.Round() + T.Round());
    }
}
