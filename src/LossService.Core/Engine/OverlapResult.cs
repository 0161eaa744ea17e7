using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>What four classes have. The derivative with respect to an element p of weight w is w·(Outside·(1 − t) − Inside·t).</summary>
/// <param name="Value">ℓ.</param>
/// <param name="Outside">The derivative at an element that the label does not have.</param>
/// <param name="Inside">The negated derivative at one that it has.</param>
internal readonly record struct OverlapResult(Dd Value, Dd Outside, Dd Inside);
