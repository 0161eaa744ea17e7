using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Kernels;

/// <summary>z/T + b of a block of elements, rounded, and what each lacks; none where they are the logits themselves.</summary>
internal readonly unsafe struct LogisticScores(double* scores, double* errors)
{
    /// <summary>Whether there are any.</summary>
    public bool AreAny => scores != null;

    /// <summary>Four scores.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<double> Load(int i) => Vector256.Load(scores + i);

    /// <summary>What four scores lack.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<double> LoadErrors(int i) => Vector256.Load(errors + i);
}
