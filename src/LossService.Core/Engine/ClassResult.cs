using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>What eight classes contribute.</summary>
/// <param name="Value">f_c, with L = Σ_c f_c.</param>
/// <param name="LogPDerivative">Part of the gradient given as ∂f_c/∂log p_c.</param>
/// <param name="PDerivative">Part of the gradient given as ∂f_c/∂p_c.</param>
internal readonly record struct ClassResult(Dd Value, Dd LogPDerivative, Dd PDerivative);
