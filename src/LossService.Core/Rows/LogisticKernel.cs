using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Rows;

/// <summary>The other hot case: binary cross-entropy of plain logits and labels that are 0 or 1, in double.</summary>
/// <remarks>
/// With a = z for t = 0, −z for t = 1 (how far the logit leans to the wrong side) and e = exp(−|a|): loss = max(a, 0) + log1p(e),
/// and the gradient is ±σ(a), σ(a) = 1/(1 + e) for a &gt; 0, else e/(1 + e). Nothing is subtracted, so no digits cancel.
/// <see cref="Losses.BinaryCrossEntropy.Terms"/> computes the same in double-double, and is what the tests hold it against.
/// </remarks>
internal static class LogisticKernel
{
    /// <summary>The losses and the gradients, both within 2 ulp, of eight elements.</summary>
    /// <param name="z">The logits; infinite ones give the limits.</param>
    /// <param name="isPositive">All bits set where t = 1.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector512<double> Loss, Vector512<double> Gradient) Score(Vector512<double> z, Vector512<double> isPositive)
    {
        var sign = isPositive & Vector512.Create(-0.0);
        var a = z ^ sign;
        var e = new ShiftedExponential(0).Of(-Vector512.Abs(a));
        var isWrong = Vector512.GreaterThan(a, Vector512<double>.Zero);
        var loss = Lanes.Log1pOfFraction(e) + Vector512.ConditionalSelect(isWrong, a, Vector512<double>.Zero);
        var sigmoid = Vector512.ConditionalSelect(isWrong, Vector512<double>.One, e) / (Vector512<double>.One + e);
        return (loss, sigmoid ^ sign);
    }
}
