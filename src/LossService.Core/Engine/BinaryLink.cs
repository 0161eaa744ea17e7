using System.Runtime.CompilerServices;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Engine;

/// <summary>
/// Maps posted elements to the probability that a binary formula reads: sigmoid(z/T), or p as posted. Of p and 1 − p, the smaller is
/// computed first, then the logs: an exponential and a logarithm in one chain exceed the processor's out-of-order window, so that
/// iterations do not overlap.
/// </summary>
internal readonly struct BinaryLink(PredictionForm form, double temperature, bool isBiased, double clip)
{
    /// <summary>Whether the predictions are logits.</summary>
    public bool IsSigmoid => form == PredictionForm.Logits;

    /// <summary>Whether they are logits whose score z/T + b is another number.</summary>
    public bool HasScore => IsSigmoid && (temperature != 1 || isBiased);

    /// <summary>First step: of logits, e^−|z/T + b|; of probabilities, the smaller of p and 1 − p, clipped.</summary>
    /// <param name="posted">The predictions.</param>
    /// <param name="score">z/T + b rounded, where that is another number.</param>
    /// <param name="error">What that lacks.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TWide Start<TWide>(TWide posted, TWide score, TWide error) where TWide : struct, IArithmetic<TWide>
    {
        if (!IsSigmoid) return TWide.Max(Smaller(posted), TWide.Of(clip));
        if (!HasScore) return TWide.ExpOfNegative(-TWide.Abs(posted));
        return TWide.ExpOfSum(-TWide.Abs(score), TWide.Select(TWide.LessThan(score, TWide.Zero), error, -error));
    }

    /// <summary>
    /// Last step: p, 1 − p and their logs. With e = e^−|z|, the smaller of p and 1 − p is e/(1 + e), the larger 1/(1 + e); their logs
    /// are −|z| − log1p(e) and −log1p(e).
    /// </summary>
    /// <param name="rounded">z, or where that is another number z/T + b rounded; or p as posted.</param>
    /// <param name="logit">The same logit with all its digits.</param>
    /// <param name="start">The first step.</param>
    /// <param name="logOfLarger">The log of the larger of p and 1 − p.</param>
    /// <param name="logOfSmaller">That of the smaller, of probabilities.</param>
    /// <param name="e">Receives them.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Finish<TWide, TNumber>(
        TWide rounded, TNumber logit, TWide start, TNumber logOfLarger, TNumber logOfSmaller, ref ElementVector<TWide, TNumber> e)
        where TWide : struct, IArithmetic<TWide>
        where TNumber : struct, IArithmetic<TNumber>
    {
        TWide small, large, isNegative;
        if (IsSigmoid)
        {
            large = TWide.One / (TWide.One + start);
            small = start * large;
            isNegative = TWide.LessThan(rounded, TWide.Zero);
            logOfSmaller = logOfLarger - TNumber.Abs(logit);
        }
        else
        {
            (small, large) = (start, TWide.One - start);
            isNegative = ~TWide.LessThan(TWide.Of(0.5), rounded);
        }
        var isNarrowNegative = ElementVector<TWide, TNumber>.NarrowMask(isNegative);
        e.P = TWide.Select(isNegative, small, large);
        e.Q = TWide.Select(isNegative, large, small);
        e.LogP = TNumber.Select(isNarrowNegative, logOfSmaller, logOfLarger);
        e.LogQ = TNumber.Select(isNarrowNegative, logOfLarger, logOfSmaller);
    }

    /// <summary>
    /// ∂L/∂posted. Logits: (a·q − b·p + c·p·q + d)/T; probabilities: a/p − b/q + c, 0 where clipped;
    /// with a, b, c, d the derivatives in their order.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public TNumber Backward<TWide, TNumber>(
        TNumber posted, in ElementVector<TWide, TNumber> e, in ElementResult<TNumber> terms, bool isOnLogits, ref uint lost)
        where TWide : struct, IArithmetic<TWide>
        where TNumber : struct, IArithmetic<TNumber>
    {
        if (isOnLogits) return terms.ZDerivative;
        var (p, q) = (ElementVector<TWide, TNumber>.Narrow(e.P), ElementVector<TWide, TNumber>.Narrow(e.Q));
        if (IsSigmoid)
        {
            var (a, b) = (terms.LogPDerivative * q, terms.LogQDerivative * p);
            // the limit where p or 1 − p is 0
            var c = TNumber.XLogY(p * q, terms.PDerivative);
            var g = a - b + c;
            lost |= TNumber.GetBits(TNumber.IsLost(g, TNumber.Abs(a) + TNumber.Abs(b) + TNumber.Abs(c)));
            return temperature == 1 ? g : g / TNumber.Of(temperature);
        }
        var (fromP, fromQ) = (Quotient(terms.LogPDerivative, p), Quotient(terms.LogQDerivative, q));
        var sum = fromP - fromQ;
        // beside 1/p or 1/(1 − p), a logarithm does not matter
        sum = TNumber.Select(sum.IsFinite, sum + terms.PDerivative, sum);
        lost |= TNumber.GetBits(
            TNumber.IsLost(sum, TNumber.Abs(fromP) + TNumber.Abs(fromQ) + TNumber.Abs(terms.PDerivative)));
        return clip > 0 ? TNumber.Select(TNumber.LessThan(Smaller(posted), TNumber.Of(clip)), TNumber.Zero, sum) : sum;
    }

    /// <summary>∂L/∂z·2^512 of elements whose p or 1 − p is tiny, so that the other is 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public Dd BackwardShifted(in ElementVector<Dd, Dd> e, in ElementResult<Dd> terms)
    {
        var (p, q) = (Underflow.ShiftedExp(e.LogP), Underflow.ShiftedExp(e.LogQ));
        var g = terms.LogPDerivative * q - terms.LogQDerivative * p
            + Dd.XLogY(Dd.Select(Dd.LessThan(p, q), p, q), terms.PDerivative);
        return temperature == 1 ? g : g / new Dd(temperature);
    }

    /// <summary>a/b; 0 where a = 0, even for b = 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TNumber Quotient<TNumber>(TNumber a, TNumber b) where TNumber : struct, IArithmetic<TNumber> =>
        TNumber.Select(a.IsZero, TNumber.Zero, a / b);

    /// <summary>The smaller of p and 1 − p: exact, since 1 − p is for p ≥ ½.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TNumber Smaller<TNumber>(TNumber p) where TNumber : struct, IArithmetic<TNumber> =>
        TNumber.Select(TNumber.LessThan(TNumber.Of(0.5), p), TNumber.One - p, p);
}
