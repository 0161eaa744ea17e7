using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>What four elements cost, and the derivatives of that; the four parts of the gradient add up.</summary>
/// <param name="Value">L.</param>
/// <param name="LogPDerivative">∂L/∂log p with 1 − p held.</param>
/// <param name="LogQDerivative">∂L/∂log(1 − p) with p held.</param>
/// <param name="PDerivative">∂L/∂p of what is neither.</param>
/// <param name="ZDerivative">∂L/∂z, for formulas on logits.</param>
/// <param name="Lost">All bits set where one of these lost digits by cancellation (<see cref="IArithmetic{TSelf}.IsLost"/>).</param>
internal readonly record struct ElementResult<TNumber>(
    TNumber Value, TNumber LogPDerivative, TNumber LogQDerivative, TNumber PDerivative, TNumber ZDerivative, Vector256<double> Lost)
    where TNumber : struct, IArithmetic<TNumber>;
