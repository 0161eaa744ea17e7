using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>What four classes contribute.</summary>
/// <param name="Value">f_c, with L = Σ_c f_c.</param>
/// <param name="LogPDerivative">Part of the gradient given as ∂f_c/∂log p_c.</param>
/// <param name="PDerivative">Part of the gradient given as ∂f_c/∂p_c.</param>
/// <param name="Size">
/// What an error of the arithmetic is multiplied by on its way to the value, at least roughly: |f_c| where nothing cancels.
/// </param>
/// <param name="PSize">The same for <paramref name="PDerivative"/>.</param>
internal readonly record struct ClassResult<TNumber>(
    TNumber Value, TNumber LogPDerivative, TNumber PDerivative, Vector256<double> Size, Vector256<double> PSize)
    where TNumber : struct, IArithmetic<TNumber>;
