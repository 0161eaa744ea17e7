using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
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
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TWide Start<TWide>(Vector256<double> posted, Vector256<double> score, Vector256<double> error)
        where TWide : struct, IArithmetic<TWide>
    {
        if (!IsSigmoid) return TWide.Of(Vector256.Max(Smaller(posted), Vector256.Create(clip)));
        if (!HasScore) return TWide.ExpOfNegative(-Vector256.Abs(posted));
        return TWide.ExpOfSum(-Vector256.Abs(score), -SizeError(score, error));
    }

    /// <summary>
    /// Last step: p, 1 − p and their logs. With e = e^−|z|, the smaller of p and 1 − p is e/(1 + e), the larger 1/(1 + e); their logs
    /// are −|z| − log1p(e) and −log1p(e).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public FourElements<TWide, TNumber> Finish<TWide, TNumber>(
        Vector256<double> posted, Vector256<double> score, Vector256<double> error, TWide start, TNumber logOfLarger,
        TNumber logOfSmaller)
        where TWide : struct, IArithmetic<TWide>
        where TNumber : struct, IArithmetic<TNumber>
    {
        TWide small, large;
        Vector256<double> isNegative;
        if (IsSigmoid)
        {
            large = TWide.One / (TWide.One + start);
            small = start * large;
            isNegative = Vector256.LessThan(HasScore ? score : posted, Vector256<double>.Zero);
            logOfSmaller = HasScore
                ? logOfLarger - TNumber.Of(Vector256.Abs(score), SizeError(score, error))
                : logOfLarger - TNumber.Of(Vector256.Abs(posted));
        }
        else
        {
            (small, large) = (start, TWide.One - start);
            isNegative = Vector256.LessThanOrEqual(posted, Vector256.Create(0.5));
        }
        return new FourElements<TWide, TNumber>
        {
            P = TWide.Select(isNegative, small, large),
            Q = TWide.Select(isNegative, large, small),
            LogP = TNumber.Select(isNegative, logOfSmaller, logOfLarger),
            LogQ = TNumber.Select(isNegative, logOfLarger, logOfSmaller),
        };
    }

    /// <summary>
    /// ∂L/∂posted of four elements. Logits: (a·q − b·p + c·p·q + d)/T; probabilities: a/p − b/q + c, 0 where clipped;
    /// with a, b, c, d the derivatives in their order.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TNumber Backward<TWide, TNumber>(
        Vector256<double> posted, in FourElements<TWide, TNumber> e, in ElementResult<TNumber> terms, bool isOnLogits,
        ref Vector256<double> lost)
        where TWide : struct, IArithmetic<TWide>
        where TNumber : struct, IArithmetic<TNumber>
    {
        if (isOnLogits) return terms.ZDerivative;
        var (p, q) = (FourElements<TWide, TNumber>.Narrow(e.P), FourElements<TWide, TNumber>.Narrow(e.Q));
        if (IsSigmoid)
        {
            var (a, b) = (terms.LogPDerivative * q, terms.LogQDerivative * p);
            // the limit where p or 1 − p is 0
            var c = TNumber.XLogY(p * q, terms.PDerivative);
            var g = a - b + c;
            lost |= TNumber.IsLost(g, TNumber.Abs(a) + TNumber.Abs(b) + TNumber.Abs(c));
            return temperature == 1 ? g : g / TNumber.Of(temperature);
        }
        var (fromP, fromQ) = (Quotient(terms.LogPDerivative, p), Quotient(terms.LogQDerivative, q));
        var sum = fromP - fromQ;
        // beside 1/p or 1/(1 − p), a logarithm does not matter
        sum = TNumber.Select(sum.IsFinite, sum + terms.PDerivative, sum);
        lost |= TNumber.IsLost(sum, TNumber.Abs(fromP) + TNumber.Abs(fromQ) + TNumber.Abs(terms.PDerivative));
        return clip > 0 ? TNumber.Select(Vector256.LessThan(Smaller(posted), Vector256.Create(clip)), TNumber.Zero, sum) : sum;
    }

    /// <summary>∂L/∂z·2^512 of elements whose p or 1 − p is tiny, so that the other is 1.</summary>
    public Dd BackwardShifted(in FourElements<Dd, Dd> e, in ElementResult<Dd> terms)
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
    private static Vector256<double> Smaller(Vector256<double> p) =>
        Lanes.Select(Vector256.LessThanOrEqual(p, Vector256.Create(0.5)), p, Vector256<double>.One - p);

    /// <summary>What |score| lacks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> SizeError(Vector256<double> score, Vector256<double> error) =>
        error ^ (score & Vector256.Create(-0.0));
}
