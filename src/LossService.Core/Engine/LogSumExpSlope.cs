using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>The derivatives of a row's value by logsumexp of its logits.</summary>
/// <param name="First">The first.</param>
/// <param name="Second">The second.</param>
internal readonly record struct LogSumExpSlope(Dd First, Dd Second);
