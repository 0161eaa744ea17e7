using System.Runtime.Intrinsics;

namespace LossService.Core.Kernels;

/// <summary>
/// Four rows side by side, a lane for each. A lane whose row is not kept has another row of the four, which the sums do not count, so
/// that nothing of its own is read.
/// </summary>
/// <param name="Rows">Their numbers.</param>
/// <param name="Classes">Their true classes; unused where they have targets.</param>
/// <param name="AreRows">Whether they have targets, which the kernel was given before.</param>
/// <param name="Weights">Their weights.</param>
/// <param name="IsKept">All bits set in the lanes of kept rows.</param>
internal readonly record struct OverlapBlock(
    Vector256<long> Rows, Vector128<int> Classes, bool AreRows, Vector256<double> Weights, Vector256<double> IsKept);
