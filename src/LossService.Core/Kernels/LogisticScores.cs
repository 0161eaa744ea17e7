using System.Runtime.CompilerServices;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>z/T + b of a block of elements, rounded, and what each lacks; none where they are the logits themselves.</summary>
internal readonly unsafe struct LogisticScores(double* scores, double* errors)
{
    /// <summary>Whether there are any.</summary>
    public bool AreAny => scores != null;

    /// <summary>The scores of a vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TNumber Load<TNumber>(int i) where TNumber : struct, IPlainNumbers<TNumber> => TNumber.Load(ref scores[i]);

    /// <summary>What these lack.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TNumber LoadErrors<TNumber>(int i) where TNumber : struct, IPlainNumbers<TNumber> => TNumber.Load(ref errors[i]);
}
