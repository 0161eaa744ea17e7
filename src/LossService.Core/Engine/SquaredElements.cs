using System.Runtime.CompilerServices;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>
/// Scores the squared errors (σ(z) − t')² of a block of logits and soft or smoothed labels t' = (1 − α)·t + α/2. What cancels is computed
/// in pairs of doubles, the rest in doubles.
/// </summary>
/// <remarks>
/// With e = exp(−|z|), p − t' = (n − t'·(1 + e))/(1 + e), where n is 1 for z ≥ 0, else e. Here e is known to 2⁻⁶⁹ and t' to 2⁻¹⁰⁴. An
/// element of which less than 2⁻¹⁶·e is left is noted as lost, as is one where 1 − t' may have cancelled. Squares of others are within
/// 4 ulp.
/// </remarks>
/// <param name="hasScore">Whether <see cref="BinaryScratch.Score"/> takes the place of the posted logits.</param>
/// <param name="scale">The factor of the derivatives by z/T + b.</param>
/// <param name="smoothing">α.</param>
/// <param name="isWeighted">Whether weights are not all 1.</param>
internal readonly unsafe struct SquaredElements(bool hasScore, double scale, double smoothing, bool isWeighted)
{
    private const double LeastPart = 1.0 / (1 << 16), LeastOfSmoothed = 1.0 / (1L << 50);

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
        var (isSmoothed, one) = (smoothing != 0, TNumber.One);
        var (least, leastPart, factor) = (TNumber.Of(isSmoothed ? LeastOfSmoothed : 0), TNumber.Of(LeastPart), TNumber.Of(scale));
        for (var i = 0; i < count; i += TNumber.Count)
        {
            var t = TNumber.Load(ref s.Label[i]);
            var (e, eLow) = (TNumber.Load(ref s.Start[i]), TNumber.Load(ref s.StartRest[i]));
            var isNegative = TNumber.LessThan(TNumber.Load(ref z[i]), TNumber.Zero);
            var sum = one + e;
            var sumLow = e - (sum - one) + eLow;
            var tLow = TNumber.Zero;
            if (isSmoothed) t = Smooth(t, out tLow);

            // the difference of the high parts is exact where it cancels
            var product = t * sum;
            var low = TNumber.FusedMultiplyAdd(t, sumLow, TNumber.FusedMultiplyAdd(t, sum, -product));
            if (isSmoothed) low = TNumber.FusedMultiplyAdd(tLow, sum, low);
            var numerator = TNumber.Select(isNegative, e, one) - product + (TNumber.Select(isNegative, eLow, TNumber.Zero) - low);
            var isLost = TNumber.LessThan(TNumber.Abs(numerator), TNumber.FusedMultiplyAdd(e, leastPart, least));

            var reciprocal = one / sum;
            var error = numerator * reciprocal;
            // what the quotient lacks
            var lack = TNumber.FusedMultiplyAdd(-error, sumLow, TNumber.FusedMultiplyAdd(-error, sum, numerator)) * reciprocal;
            var twice = error + error;
            var value = TNumber.FusedMultiplyAdd(error, error, twice * lack);
            var derivative = twice * (e * (reciprocal * reciprocal));
            if (isWeighted)
            {
                var weight = TNumber.Load(ref s.Weight[i]);
                // an element that is not kept may be NaN
                var hasNoWeight = weight.IsZero;
                value = TNumber.Select(hasNoWeight, TNumber.Zero, value * weight);
                derivative = TNumber.Select(hasNoWeight, TNumber.Zero, derivative * (weight * factor));
                isLost &= ~hasNoWeight;
            }
            else
            {
                derivative *= factor;
            }
            value.StoreNearest(ref s.Value[i]);
            derivative.StoreNearest(ref s.Gradient[i]);
            for (var bits = TNumber.GetBits(isLost); bits != 0; bits &= bits - 1)
                s.Lost[s.LostCount++] = (byte)(i + (int)uint.TrailingZeroCount(bits));
        }
    }

    /// <summary>t' in two parts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TNumber Smooth<TNumber>(TNumber t, out TNumber low) where TNumber : struct, IPlainNumbers<TNumber>
    {
        var (keep, half) = (TNumber.Of(_keep.Hi[0]), TNumber.Of(smoothing / 2));
        var product = t * keep;
        low = TNumber.FusedMultiplyAdd(t, TNumber.Of(_keep.Lo[0]), TNumber.FusedMultiplyAdd(t, keep, -product));
        var sum = product + half;
        var rounded = sum - product;
        low += product - (sum - rounded) + (half - rounded);
        return sum;
    }
}
