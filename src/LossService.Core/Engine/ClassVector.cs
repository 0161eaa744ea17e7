using System.Runtime.CompilerServices;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>Some classes of a row, as many as its arithmetic has lanes.</summary>
/// <remarks>Fields, because the compiler inlines no more than some hundred calls into a formula's loop.</remarks>
internal struct ClassVector<TNumber> where TNumber : struct, IArithmetic<TNumber>
{
    /// <summary>log p_c.</summary>
    public TNumber LogP;

    /// <summary>p_c.</summary>
    public TNumber P;

    /// <summary>1 − p_c, by itself accurate.</summary>
    public TNumber Q;

    /// <summary>t_c, after smoothing.</summary>
    public TNumber T;

    /// <summary>1 − t_c, by itself accurate.</summary>
    public TNumber U;

    /// <summary>w_c, the class weight.</summary>
    public TNumber W;

    /// <summary>Whether Σp = 1 by construction, as after a softmax.</summary>
    public bool SumsToOne;

    /// <summary>Whether a double holds t_c exactly.</summary>
    public bool HasExactTarget;

    /// <summary>0 where a double holds t_c exactly, else 1.</summary>
    public TNumber Rounding;

    /// <summary>Whether <see cref="LogT"/> is given.</summary>
    public bool HasLogT;

    /// <summary>ln t_c, where that is more than a function of t_c.</summary>
    public TNumber LogT;

    /// <summary>p − t, from the side where it does not cancel: for t = 1 it is −(1 − p).</summary>
    public readonly TNumber Error
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TNumber.Select(IsMostlyTrue, U - Q, P - T);
    }

    /// <summary>The sum of the numbers that <see cref="Error"/> is a difference of.</summary>
    public readonly TNumber ErrorSize
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TNumber.Select(IsMostlyTrue, TNumber.Abs(TNumber.One - T) + Rounding + Q, P + T);
    }

    private readonly TNumber IsMostlyTrue
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TNumber.LessThan(TNumber.Of(0.5), T);
    }
}
