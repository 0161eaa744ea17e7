using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>What some classes contribute.</summary>
/// <remarks>Fields, because the compiler inlines no more than some hundred calls into a formula's loop.</remarks>
internal struct ClassResult<TNumber> where TNumber : struct, IArithmetic<TNumber>
{
    /// <summary>f_c, with L = Σ_c f_c.</summary>
    public TNumber Value;

    /// <summary>Part of the gradient given as ∂f_c/∂log p_c.</summary>
    public TNumber LogPDerivative;

    /// <summary>Part of the gradient given as ∂f_c/∂p_c.</summary>
    public TNumber PDerivative;

    /// <summary>
    /// What an error of plain doubles is multiplied by on its way to the value, at least roughly: |f_c| where nothing cancels. Not read in
    /// other arithmetics.
    /// </summary>
    public TNumber Size;

    /// <summary>The same for <see cref="PDerivative"/>.</summary>
    public TNumber PSize;

    /// <summary>
    /// In sums of two doubles: what <see cref="LogPDerivative"/> was computed from, beside itself, where a function of fewer digits than
    /// an exponential is in it.
    /// </summary>
    public TNumber LogPSize;
}
