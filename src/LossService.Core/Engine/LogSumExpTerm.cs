using System.Runtime.CompilerServices;
using LossService.Core.Batches;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Engine;

/// <summary>A term ζ·logsumexp(z/T)² that a loss has beside its formula.</summary>
/// <param name="batch">The batch.</param>
/// <param name="squared">ζ.</param>
/// <param name="classWeights">The class weights that it is multiplied by; those that are all 1 where the whole value is.</param>
internal sealed class LogSumExpTerm(Batch batch, double squared, ClassWeights classWeights)
{
    /// <summary>Whether there is none.</summary>
    public bool IsZero => squared == 0;

    /// <summary>The term, and its derivatives by logsumexp(z/T).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public Dd Score(Dd logSumExp, int hard, ReadOnlySpan<double> y, out LogSumExpSlope slope)
    {
        var factor = GetFactor(hard, y);
        slope = new(TimesOrZero(factor, logSumExp + logSumExp), factor + factor);
        return TimesOrZero(factor, Dd.Square(logSumExp));
    }

    /// <summary>Adds the term to what a formula has found.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public WideScore AddTo(in WideScore score, in WideSoftmax softmax, int hard, ReadOnlySpan<double> y)
    {
        var term = Score(softmax.LogSumExp, hard, y, out var slope);
        // logsumexp is a sum that may cancel
        var (factor, size) = (slope.Second.ToScalar() / 2, softmax.LogSumExpSize);
        return score with
        {
            Value = score.Value + term,
            Size = score.Size + factor * size * size,
            LogSumExp = slope.First,
            LogSumExpSize = 2 * factor * size,
        };
    }

    /// <summary>
    /// ζ and the sample's class weight, unless the whole value is multiplied by that; and 1/unit, since the value is converted to the unit
    /// and this term is no amount of information.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public Dd GetFactor(int hard, ReadOnlySpan<double> y)
    {
        var factor = new Dd(squared);
        if (!classWeights.AreOne) factor *= new Dd(classWeights.Of(hard, y));
        return batch.Unit == Unit.Bits ? factor * Dd.Ln2 : factor;
    }

    public static Dd TimesOrZero(Dd factor, Dd value) => Dd.Select(factor.IsZero, Dd.Zero, factor * value);
}
