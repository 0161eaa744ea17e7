using System.Runtime.CompilerServices;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <content>
/// Cross-entropy with any target, and losses of the true class, where results are float32 or narrower: the loss in sums of two doubles,
/// since the sum of a batch is a float64, and the factors of the gradient in doubles, which have digits to spare.
/// </content>
internal sealed unsafe partial class SoftmaxConclusion
{
    private readonly bool _isNarrow = !loss.IsFloat64 && !loss.IsSquaredError;
    private readonly double _plainSpread = (hasRows ? Dd.One : new Dd(loss.Smoothing) / new Dd(classes)).ToScalar();

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void ConcludeFours(SoftmaxScratch rows, int count)
    {
        for (var i = 0; i < count; i += PlainDouble.Count) ConcludeNarrow<PlainDouble, WideDouble>(rows, i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void ConcludeEights(SoftmaxScratch rows, int count)
    {
        for (var i = 0; i < count; i += PlainEight.Count) ConcludeNarrow<PlainEight, WideEight>(rows, i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void ConcludeNarrow<TNumber, TWide>(SoftmaxScratch rows, int i)
        where TNumber : struct, IPlainNumbers<TNumber>
        where TWide : struct, IWideNumbers<TWide>
    {
        var rest = TNumber.Load(in rows.Rest[i]);
        ref var temporary = ref rows.Part[i];
        TNumber.Log1p(rest).StoreNearest(ref temporary);
        var log = TWide.Load(in temporary);
        var gap = TWide.Load(in rows.Max[i]) - TWide.Load(in rows.Label[i]);
        var isLargest = (TNumber.Load(in rows.Max[i]) - TNumber.Load(in rows.Label[i])).IsZero;
        if (loss.Bias.Length > 0)
        {
            gap += TWide.Load(in rows.MaxError[i]) - TWide.Load(in rows.LabelError[i]);
            isLargest &= (TNumber.Load(in rows.MaxError[i]) - TNumber.Load(in rows.LabelError[i])).IsZero;
        }
        if (loss.Divisor != 1) gap /= TWide.Of(loss.Divisor);
        var value = gap + log;
        value.StoreNearest(ref rows.Surprise[i]);

        // the gradient is (own + others)·p_c − shift·b_c, and own less at the true class
        var (own, others, shift) = (TNumber.One, TNumber.Zero, TNumber.Zero);
        var lost = TNumber.Zero;
        if (loss.Formula is { } formula)
        {
            value = Apply(formula, rows, i, -value, gap.IsZero, ref temporary);
            own = TNumber.Load(in temporary);
            // a quotient by a subnormal 1 − p
            lost = ~own.IsFinite;
        }
        else if (HasSpread)
        {
            shift = TNumber.Of(_plainSpread);
            others = TNumber.Load(in rows.Share[i]) * shift;
            own = hasRows ? TNumber.Zero : TNumber.Of(_keep.ToScalar()) * TNumber.Load(in rows.ClassWeight[i]);
            value = Spread(rows, i, value, log);
        }
        if (loss.LogSumExpSquared != 0)
        {
            var without = own + others;
            value += FindLogSumExp(rows, i, log, ref temporary);
            others += TNumber.Load(in temporary);
            lost = IsLost(own + others, without);
        }
        var scale = TNumber.Of(_plainScale);
        if (!IsPlain)
        {
            var weight = TWide.Load(in rows.Weight[i]) * loss.Factor.Spread<TWide>();
            value = TWide.Select(weight.IsZero, TWide.Zero, value * weight);
            scale = TNumber.Load(in rows.Weight[i]) * TNumber.Of(loss.Factor.ToScalar()) / TNumber.Of(_divisor.ToScalar());
        }
        value.Store(ref rows.Loss[i], ref rows.Low[i]);

        var inverse = TNumber.One / (TNumber.One + rest);
        (scale * (own + others) * inverse).StoreNearest(ref rows.Part[i]);
        (scale * shift).StoreNearest(ref rows.Shift[i]);
        var p = inverse * TNumber.Load(in rows.Own[i]);
        var q = TNumber.Select(isLargest, inverse * rest, TNumber.One - p);
        var (taken, given) = (own * q, p * others);
        if (HasSpread && !hasRows) taken += shift * TNumber.Load(in rows.ClassWeight[i]);
        (scale * (given - taken)).StoreNearest(ref rows.Own[i]);
        (lost | IsLost(given - taken, TNumber.Min(taken, TNumber.Abs(given)))).StoreNearest(ref rows.Lost[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TNumber IsLost<TNumber>(TNumber difference, TNumber size) where TNumber : struct, IPlainNumbers<TNumber> =>
        TNumber.LessThan(TNumber.Abs(difference), TNumber.Of(loss.LeastPart) * size);

    /// <summary>The value of a formula, and its derivative; NaN where a power multiplies errors so much that it lacks digits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TWide Apply<TWide>(TrueClassFormula formula, SoftmaxScratch rows, int i, TWide logP, TWide isLargest, ref double slope)
        where TWide : struct, IWideNumbers<TWide>
    {
        // the rounding errors of the inverse would be those of p and 1 − p, and a formula may raise them to a power
        var rest = TWide.Load(in rows.Rest[i]);
        var inverse = TWide.One / (TWide.One + rest);
        var p = inverse * TWide.Load(in rows.Own[i]);
        var q = TWide.Select(isLargest, inverse * rest, TWide.One - p);
        var (value, derivative) = formula.ScoreWide(logP, p, q);
        derivative.StoreNearest(ref slope);
        if (loss.ErrorFactor == 0) return value;
        // the error of 1 − p is that of p times p/(1 − p)
        var isLost = TWide.LessThan(q * TWide.Of(MaxErrorFactor), p * TWide.Of(loss.ErrorFactor));
        return TWide.Select(isLost, TWide.Of(double.NaN), value);
    }

    /// <summary>The value of a target that is spread over the classes, less its entropy where that is asked for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TWide Spread<TWide>(SoftmaxScratch rows, int i, TWide surprise, TWide log) where TWide : struct, IWideNumbers<TWide>
    {
        var gaps = TWide.Load(in rows.Gaps[i]);
        if (loss.Divisor != 1) gaps /= TWide.Of(loss.Divisor);
        var value = (gaps + TWide.Load(in rows.Share[i]) * log) * _spread.Spread<TWide>();
        if (hasRows) return loss.SubtractsEntropy ? SubtractEntropy(rows, i, value) : value;
        var kept = _keep.Spread<TWide>() * TWide.Load(in rows.ClassWeight[i]);
        return TWide.Select(kept.IsZero, value, value + kept * surprise);
    }

    /// <summary>The value less the target's entropy; NaN where so much cancels that it lacks digits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TWide SubtractEntropy<TWide>(SoftmaxScratch rows, int i, TWide value) where TWide : struct, IWideNumbers<TWide>
    {
        value.StoreNearest(ref rows.Surprise[i]);
        var negated = TWide.Load(in rows.NegatedEntropy[i]);
        var difference = value + negated;
        var isLost = TWide.IsLost(difference, value - negated, loss.HasPlainTargets ? LeastPartOfPlainTargets : LeastPartOfValue);
        return TWide.Select(isLost, TWide.Of(double.NaN), difference);
    }

    /// <summary>ζ·logsumexp², times the class's weight, and what the gradient has of it: a multiple of p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TWide FindLogSumExp<TWide>(SoftmaxScratch rows, int i, TWide log, ref double slope) where TWide : struct, IWideNumbers<TWide>
    {
        var max = TWide.Load(in rows.Max[i]);
        if (loss.Bias.Length > 0) max += TWide.Load(in rows.MaxError[i]);
        var logSumExp = max / TWide.Of(loss.Divisor) + log;
        var factor = _squared.Spread<TWide>();
        if (HasSpread && !hasRows) factor *= TWide.Load(in rows.ClassWeight[i]);
        (factor * logSumExp * TWide.Of(2)).StoreNearest(ref slope);
        return TWide.Select(factor.IsZero, TWide.Zero, factor * TWide.Square(logSumExp));
    }
}
