using System.Runtime.CompilerServices;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>What a formula finds of a row in plain double.</summary>
/// <param name="Value">The value, in every lane.</param>
/// <param name="Size">What an error of the arithmetic is multiplied by on its way to the value, at least roughly.</param>
/// <param name="Derivative">Σu, with u_c = ∂L/∂log p_c + p_c·(∂L/∂p_c − that of the largest class), which the row has.</param>
/// <param name="DerivativeSize">The same as <paramref name="Size"/> for <paramref name="Derivative"/>.</param>
internal readonly record struct PlainScore(Dd Value, double Size, double Derivative, double DerivativeSize)
{
    /// <summary>
    /// The least part of what it is computed from that a value has. Its terms are rounded independently, so that most of their errors
    /// cancel; what all have in common, the error of Σe, is about an ulp.
    /// </summary>
    private const double LeastPart = 1.0 / 8;

    /// <summary>The same where the target was computed in plain double, too, so that there are twice as many errors.</summary>
    private const double LeastPartOfPlainTarget = 1.0 / 4;

    /// <summary>The least part for a row.</summary>
    /// <param name="isTargetPlain">Whether the target was computed in plain double.</param>
    public static double GetLeastPart(bool isTargetPlain) => isTargetPlain ? LeastPartOfPlainTarget : LeastPart;

    /// <summary>Whether a value has the digits of a double; false for NaN.</summary>
    /// <param name="value">As <see cref="Value"/>.</param>
    /// <param name="size">As <see cref="Size"/>.</param>
    /// <param name="isTargetPlain">Whether the target was computed in plain double.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool HasDigits(Dd value, double size, bool isTargetPlain) => double.IsFinite(value.ToScalar())
        && Math.Abs(value.ToScalar()) >= GetLeastPart(isTargetPlain) * size;
}
