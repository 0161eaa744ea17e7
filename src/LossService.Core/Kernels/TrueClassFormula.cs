using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>A loss of the true class alone, for four rows side by side: its value, and −∂value/∂log p.</summary>
/// <param name="logP">log p of the true class.</param>
/// <param name="p">p of the true class.</param>
/// <param name="q">1 − p of the true class.</param>
internal delegate (Dd Value, Dd Slope) TrueClassFormula(Dd logP, Dd p, Dd q);
