using System.Numerics;
using System.Runtime.CompilerServices;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>
/// What metrics are made of beside a loss that is found without it: probabilities and cross-entropies of logits, in plain doubles.
/// </summary>
/// <param name="probability">Receives σ(z/T + b).</param>
/// <param name="opposite">Receives the rest to 1.</param>
/// <param name="scores">z/T + b, where that is another number than the logits z.</param>
/// <param name="crossEntropy">Receives −t·log p − (1 − t)·log(1 − p), with the bits of <see cref="LogisticBlock"/>.</param>
internal readonly unsafe struct LogisticLikelihoods(double* probability, double* opposite, LogisticScores scores, double* crossEntropy)
{
    /// <summary>Finds those of the first <paramref name="count"/> elements; there is memory for as many as a multiple of eight.</summary>
    /// <param name="z">The logits.</param>
    /// <param name="labels">The labels t.</param>
    /// <param name="count">The number of elements.</param>
    public void Find(double* z, double* labels, int count)
    {
        if (Lanes.HasMost) Find<PlainEight>(z, labels, count);
        else Find<PlainDouble>(z, labels, count);
    }

    /// <summary>Finds the cross-entropies, and confidences and outcomes in place of the probabilities.</summary>
    /// <param name="z">The logits.</param>
    /// <param name="labels">The labels t.</param>
    /// <param name="count">The number of elements.</param>
    /// <param name="arePositive">
    /// Whether a confidence is the probability of the positive class and an outcome the label, rather than those of the predicted class.
    /// </param>
    /// <returns>
    /// How many are predicted as they are labelled; elements after the last do not count if they have a positive logit and label 0.
    /// </returns>
    public int Judge(double* z, double* labels, int count, bool arePositive) => Lanes.HasMost
        ? Judge<PlainEight>(z, labels, count, arePositive) : Judge<PlainDouble>(z, labels, count, arePositive);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void Find<TNumber>(double* z, double* labels, int count) where TNumber : struct, IPlainNumbers<TNumber>
    {
        double* p = probability, q = opposite, losses = crossEntropy;
        // in a loop of its own: iterations with an exponential and a logarithm in one chain do not overlap
        for (var i = 0; i < count; i += TNumber.Count)
            LogisticElement<TNumber>.Exponential(Load<TNumber>(z, i, out var error), error).StoreNearest(ref losses[i]);
        for (var i = 0; i < count; i += TNumber.Count)
        {
            var (logits, label, e) = (Load<TNumber>(z, i, out var error), TNumber.Load(ref labels[i]), TNumber.Load(ref losses[i]));
            var larger = TNumber.One / (TNumber.One + e);
            var (smaller, isNegative) = (e * larger, TNumber.LessThan(logits, TNumber.Zero));
            TNumber.Select(isNegative, smaller, larger).StoreNearest(ref p[i]);
            TNumber.Select(isNegative, larger, smaller).StoreNearest(ref q[i]);
            new LogisticElement<TNumber>(logits, error, e, label, TNumber.One - label).CrossEntropy.StoreNearest(ref losses[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private int Judge<TNumber>(double* z, double* labels, int count, bool arePositive) where TNumber : struct, IPlainNumbers<TNumber>
    {
        double* confidences = probability, outcomes = opposite, losses = crossEntropy;
        for (var i = 0; i < count; i += TNumber.Count)
            LogisticElement<TNumber>.Exponential(Load<TNumber>(z, i, out var error), error).StoreNearest(ref losses[i]);
        var (hits, half) = (0, TNumber.Of(0.5));
        for (var i = 0; i < count; i += TNumber.Count)
        {
            var (logits, label, e) = (Load<TNumber>(z, i, out var error), TNumber.Load(ref labels[i]), TNumber.Load(ref losses[i]));
            var (larger, isPredicted, isPositive) =
                (TNumber.One / (TNumber.One + e), TNumber.LessThan(TNumber.Zero, logits), TNumber.LessThan(half, label));
            var isHit = TNumber.Select(isPositive, isPredicted, ~isPredicted);
            hits += BitOperations.PopCount(TNumber.GetBits(isHit));
            // of p and 1 − p the larger is that of the predicted class
            (arePositive ? TNumber.Select(TNumber.LessThan(logits, TNumber.Zero), e * larger, larger) : larger)
                .StoreNearest(ref confidences[i]);
            (arePositive ? label : TNumber.Select(isHit, TNumber.One, TNumber.Zero)).StoreNearest(ref outcomes[i]);
            new LogisticElement<TNumber>(logits, error, e, label, TNumber.One - label).CrossEntropy.StoreNearest(ref losses[i]);
        }
        return hits;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TNumber Load<TNumber>(double* z, int i, out TNumber error) where TNumber : struct, IPlainNumbers<TNumber>
    {
        error = scores.AreAny ? scores.LoadErrors<TNumber>(i) : TNumber.Zero;
        return scores.AreAny ? scores.Load<TNumber>(i) : TNumber.Load(ref z[i]);
    }
}
