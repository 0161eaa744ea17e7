using System.Numerics;
using System.Runtime.CompilerServices;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>Where the kernel of a binary loss writes what metrics are made of, with the bits that they have without it.</summary>
/// <param name="confidences">Receives the probability of the positive class, or of the predicted one; null = no metrics.</param>
/// <param name="outcomes">Receives the label, or whether it is the predicted one.</param>
/// <param name="crossEntropies">Receives the cross-entropies without weights; null = they are the losses.</param>
/// <param name="arePositive">Whether the confidences are those of the positive class.</param>
internal unsafe struct LogisticJudgements(double* confidences, double* outcomes, double* crossEntropies, bool arePositive)
{
    /// <summary>Whether there are metrics.</summary>
    public readonly bool AreWanted => confidences != null;

    /// <summary>How many elements are predicted as they are labelled.</summary>
    public int Hits { get; private set; }

    /// <summary>Writes those of a vector.</summary>
    /// <param name="i">The place of its first element in the block.</param>
    /// <param name="z">The logits, rounded.</param>
    /// <param name="error">What they lack.</param>
    /// <param name="e">exp(−|z|).</param>
    /// <param name="label">t.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add<TNumber>(int i, TNumber z, TNumber error, TNumber e, TNumber label) where TNumber : struct, IPlainNumbers<TNumber>
    {
        var isPositive = TNumber.LessThan(TNumber.Of(0.5), label);
        // of p and 1 − p the larger is that of the predicted class
        var (larger, isPredicted) = (TNumber.One / (TNumber.One + e), TNumber.LessThan(TNumber.Zero, z));
        var isHit = TNumber.Select(isPositive, isPredicted, ~isPredicted);
        Hits += BitOperations.PopCount(TNumber.GetBits(isHit));
        if (arePositive) larger = TNumber.Select(TNumber.LessThan(z, TNumber.Zero), e * larger, larger);
        larger.StoreNearest(ref confidences[i]);
        (arePositive ? label : TNumber.Select(isHit, TNumber.One, TNumber.Zero)).StoreNearest(ref outcomes[i]);
        if (crossEntropies == null) return;
        new LogisticElement<TNumber>(z, error, e, label, TNumber.One - label).CrossEntropy.StoreNearest(ref crossEntropies[i]);
    }
}
