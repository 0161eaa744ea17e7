using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>What eight elements cost, and the derivatives of that; the four parts of the gradient add up.</summary>
/// <param name="Value">L.</param>
/// <param name="LogPDerivative">∂L/∂log p with 1 − p held.</param>
/// <param name="LogQDerivative">∂L/∂log(1 − p) with p held.</param>
/// <param name="PDerivative">∂L/∂p of what is neither.</param>
/// <param name="ZDerivative">∂L/∂z, for formulas on logits.</param>
internal readonly record struct ElementResult(Dd Value, Dd LogPDerivative, Dd LogQDerivative, Dd PDerivative, Dd ZDerivative);
