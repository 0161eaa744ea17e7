using System.Runtime.CompilerServices;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>The weights of labels 1 and 0 of an element: πt' and 1 − t' with t' = (1 − α)·t + α/2.</summary>
/// <param name="smoothing">α.</param>
/// <param name="keep">1 − α.</param>
/// <param name="areHard">Whether only labels of 0 and 1 are scored.</param>
internal readonly struct LogisticTargets(double smoothing, double keep, bool areHard)
{
    /// <summary>Whether only labels of 0 and 1 are scored.</summary>
    public bool AreHard => areHard;

    /// <summary>The weights.</summary>
    /// <param name="label">t.</param>
    /// <param name="posWeight">π.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (TNumber T, TNumber U) Read<TNumber>(TNumber label, TNumber posWeight) where TNumber : struct, IPlainNumbers<TNumber>
    {
        var (factor, half) = (TNumber.Of(keep), TNumber.Of(smoothing / 2));
        return ((label * factor + half) * posWeight, (TNumber.One - label) * factor + half);
    }

    /// <summary>A mask of the labels that are scored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TNumber Take<TNumber>(TNumber label) where TNumber : struct, IPlainNumbers<TNumber> =>
        areHard ? HardElement<TNumber>.FindSoft(label).IsZero : ~TNumber.Zero;
}
