using System.Runtime.CompilerServices;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>
/// Scores the squared errors (σ(z) − t')² of a block of logits and soft or smoothed labels t' = (1 − α)·t + α/2. What cancels is computed
/// in pairs of doubles, the rest in doubles.
/// </summary>
/// <remarks>
/// With e = exp(−|z|), g the weight of the label that the logit speaks for, and h that of the other: |p − t'| = |h − g·e|/(1 + e), where e
/// is known to 2⁻⁶⁹, g and h to 2⁻¹⁰⁰. An element of which less than 2⁻¹⁶ is left is noted as lost. Squares of others are within 4 ulp.
/// </remarks>
/// <param name="hasScore">Whether <see cref="BinaryScratch.Score"/> takes the place of the posted logits.</param>
/// <param name="scale">The factor of the derivatives by z/T + b.</param>
/// <param name="smoothing">α.</param>
internal readonly unsafe struct SquaredElements(bool hasScore, double scale, double smoothing)
{
    private const double LeastPart = 1.0 / (1 << 16);

    private readonly Dd _keep = Dd.One - new Dd(smoothing);

    /// <summary>Scores the first <paramref name="count"/> elements, and notes those that lack digits.</summary>
    public void Score(int count, BinaryScratch scratch)
    {
        scratch.LostCount = 0;
        scratch.HasRest = false;
        if (Lanes.HasMost)
        {
            TakeExponentials<WideEight>(count, scratch);
            Score<PlainEight>(count, scratch);
        }
        else
        {
            TakeExponentials<WideDouble>(count, scratch);
            Score<PlainDouble>(count, scratch);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void TakeExponentials<TWide>(int count, BinaryScratch s) where TWide : struct, IWideNumbers<TWide>
    {
        double* start = s.Start, rest = s.StartRest;
        for (var i = 0; i < count; i += TWide.Count)
        {
            var e = hasScore
                ? TWide.FineExp(-TWide.Abs(TWide.Load(ref s.Score[i], ref s.ScoreError[i])))
                : TWide.FineExpOfNegative(-TWide.Abs(TWide.Load(ref s.Posted[i])));
            e.StoreParts(ref start[i], ref rest[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void Score<TNumber>(int count, BinaryScratch s) where TNumber : struct, IPlainNumbers<TNumber>
    {
        var z = hasScore ? s.Score : s.Posted;
        var (isSmoothed, factor, one) = (smoothing != 0, TNumber.Of(scale), TNumber.One);
        for (var i = 0; i < count; i += TNumber.Count)
        {
            var (t, tLow) = (TNumber.Load(ref s.Label[i]), TNumber.Zero);
            var u = one - t;
            var uLow = one - u - t;
            if (isSmoothed) (t, tLow, u, uLow) = Smooth(t, u, uLow);
            var isNegative = TNumber.LessThan(TNumber.Load(ref z[i]), TNumber.Zero);
            var (e, eLow) = (TNumber.Load(ref s.Start[i]), TNumber.Load(ref s.StartRest[i]));
            var (favoured, other) = (TNumber.Select(isNegative, u, t), TNumber.Select(isNegative, t, u));
            var (favouredLow, otherLow) = (TNumber.Select(isNegative, uLow, tLow), TNumber.Select(isNegative, tLow, uLow));

            // the difference of the high parts is exact where it cancels
            var product = favoured * e;
            var low = TNumber.FusedMultiplyAdd(favoured, e, -product);
            low = TNumber.FusedMultiplyAdd(favoured, eLow, low);
            low = TNumber.FusedMultiplyAdd(favouredLow, e, low);
            var numerator = other - product + (otherLow - low);
            var isLost = TNumber.LessThan(TNumber.Abs(numerator), (other + product) * TNumber.Of(LeastPart));

            var sum = one + e;
            var reciprocal = one / sum;
            var error = numerator * reciprocal;
            // what the quotient lacks, of its own and of the sum's rounding
            var lack = TNumber.FusedMultiplyAdd(-error, sum, numerator) - error * (e - (sum - one) + eLow);
            var twice = error + error;
            var value = TNumber.FusedMultiplyAdd(error, error, twice * (lack * reciprocal));
            var derivative = twice * (e * (reciprocal * reciprocal));
            derivative = TNumber.Select(isNegative, -derivative, derivative);

            var weight = TNumber.Load(ref s.Weight[i]);
            // an element that is not kept may be NaN
            var hasNoWeight = weight.IsZero;
            TNumber.Select(hasNoWeight, TNumber.Zero, value * weight).StoreNearest(ref s.Value[i]);
            TNumber.Select(hasNoWeight, TNumber.Zero, derivative * (weight * factor)).StoreNearest(ref s.Gradient[i]);
            for (var bits = TNumber.GetBits(isLost & ~hasNoWeight); bits != 0; bits &= bits - 1)
                s.Lost[s.LostCount++] = (byte)(i + (int)uint.TrailingZeroCount(bits));
        }
    }

    /// <summary>t' and 1 − t', each of two parts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private (TNumber T, TNumber TLow, TNumber U, TNumber ULow) Smooth<TNumber>(TNumber t, TNumber u, TNumber uLow)
        where TNumber : struct, IPlainNumbers<TNumber>
    {
        var (keep, keepLow, half) = (TNumber.Of(_keep.Hi[0]), TNumber.Of(_keep.Lo[0]), TNumber.Of(smoothing / 2));
        var smoothT = AddHalf(t * keep, half, out var tLow);
        tLow += TNumber.FusedMultiplyAdd(t, keepLow, TNumber.FusedMultiplyAdd(t, keep, -(t * keep)));
        var smoothU = AddHalf(u * keep, half, out var lowOfU);
        lowOfU += TNumber.FusedMultiplyAdd(u, keepLow, TNumber.FusedMultiplyAdd(u, keep, -(u * keep)));
        return (smoothT, tLow, smoothU, TNumber.FusedMultiplyAdd(uLow, keep, lowOfU));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TNumber AddHalf<TNumber>(TNumber product, TNumber half, out TNumber error) where TNumber : struct, IPlainNumbers<TNumber>
    {
        var sum = product + half;
        var rounded = sum - product;
        error = product - (sum - rounded) + (half - rounded);
        return sum;
    }
}
