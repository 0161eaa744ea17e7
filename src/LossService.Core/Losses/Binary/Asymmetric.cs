using System.Runtime.CompilerServices;
using LossService.Core.Engine;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Binary;

/// <summary>L = −π t (1 − p)^γ₊ log p − (1 − t) m^γ₋ log(1 − m), with m = max(p − shift, 0).</summary>
internal sealed class Asymmetric : BinaryLoss<Asymmetric.Formula>
{
    public static readonly Option<double> GammaPos = new("gamma_pos", OptionForm.Number, 0,
        "γ₊: focusing exponent of positives. 0 turns focusing off; larger values reduce the loss of well-classified positives.")
    { Minimum = 0, Maximum = SharedOptions.LargestExponent };

    public static readonly Option<double> GammaNeg = new("gamma_neg", OptionForm.Number, 4,
        "γ₋: focusing exponent of negatives. 0 turns focusing off; larger values reduce the loss of well-classified negatives.")
    { Minimum = 0, Maximum = SharedOptions.LargestExponent };

    public static readonly Option<double> Shift = new("shift", OptionForm.Number, 0.05,
        "δ: subtracted from the probability of negatives. A negative with p ≤ δ has loss 0 and gradient 0.")
    { Minimum = 0, MinimumAboveZero = SharedOptions.Smallest, Maximum = 1 };

    public override string Name => "asymmetric";

    public override bool IsInformation => true;

    public override bool HasSecondDerivative => true;

    public override IReadOnlyList<Option> Options { get; } = WithShared(GammaPos, GammaNeg, Shift, SharedOptions.PosWeight);

    public override LossPage Page { get; } = new()
    {
        Title = "Asymmetric loss",
        Summary = "Asymmetric loss: binary cross-entropy with separate focusing exponents for positives and negatives, and no loss for "
            + "negatives with p ≤ δ.",
        Formula = @"\ell = -\pi\, t\, (1 - p)^{\gamma_{+}} \log p - (1 - t)\, m^{\gamma_{-}} \log (1 - m), \qquad m = \max(p - \delta, 0)",
        WhenToUse = """
            Use it for multi-label rows (tags of an image, topics of a text) with a few positives among hundreds of negatives. Unlike
            binary_focal it can focus on hard negatives without reducing the loss of the rare positives, and negatives with p ≤ δ have
            loss 0 and gradient 0. For a negative that is predicted as positive with certainty the loss is only −(1 − δ)^γ₋ log δ and
            the gradient on logits is near 0, which limits the effect of missing labels. With gamma_pos = gamma_neg and shift = 0 it
            is binary_focal with alpha = none (labels 0 and 1). The paper sums over the elements: reduction = sum.

            Range: 0 to ∞, in nats or bits. Gradient with respect to logits, for t = 1: −π (1 − p)^γ₊ (1 − p − γ₊ p log p)/T; for t =
            0 and p above δ: m^γ₋ (1/(1 − m) − γ₋ log (1 − m)/m) p (1 − p)/T. Hessian for logits, for t = 1: π p (1 − p)^(γ₊+1) (2γ₊ +
            1 + γ₊ (1 − p − γ₊ p) log p/(1 − p))/T²; for t = 0, the derivative of the gradient: 0 for p ≤ δ, and below 0 where ℓ is
            not convex.

            Symbols: p the predicted probability, σ(z/T) of logit z; t the label after label_smoothing; γ₊ gamma_pos; γ₋ gamma_neg; δ
            shift; π pos_weight, by default 1; T temperature.
            """,
        References =
        [
            new("T. Ridnik et al., Asymmetric Loss For Multi-Label Classification, 2021", "https://arxiv.org/abs/2009.14119"),
        ],
        Equivalents =
        [
            new("PyTorch", "timm.loss.AsymmetricLossMultiLabel(gamma_neg=4, gamma_pos=0, clip=0.05)(logits, labels)  # the sum"),
        ],
        Example = """
            {
              "logits": [[2.0, -1.0, -4.0, 1.5], [-3.0, 0.5, -0.5, -2.0]],
              "labels": [[1, 0, 0, 0], [0, 1, 0, 0]],
              "gamma_neg": 4,
              "shift": 0.05,
              "outputs": ["loss", "losses", "gradient"]
            }
            """,
    };

    public override Formula CreateFormula(OptionValues options) => new(options.Get(GammaPos), options.Get(GammaNeg), options.Get(Shift));

    /// <remarks>
    /// The positive side's derivative on log p is −t·q^γ, with q = 1 − p, and that of its factor q^γ on p is γ·t·q^γ·log p/q. The negative
    /// side's on p is (1 − t)·m^γ·(1/n − γ·log n/m) with n = 1 − m, which is finite if shift > 0. If shift = 0, n = q, and its first part
    /// is returned as one on log q (multiplied by −q), which is finite where q = 0.
    /// </remarks>
    internal readonly struct Formula(double gammaPos, double gammaNeg, double shift) : IElementFormula
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ElementResult<TNumber> At<TWide, TNumber>(in ElementVector<TWide, TNumber> e)
            where TWide : struct, IArithmetic<TWide>
            where TNumber : struct, IArithmetic<TNumber>
        {
            var (p, q) = (ElementVector<TWide, TNumber>.Narrow(e.P), ElementVector<TWide, TNumber>.Narrow(e.Q));
            var positive = ElementVector<TWide, TNumber>.Narrow(e.T * TWide.Pow(e.Q, gammaPos)) * e.PosWeight;
            var value = TNumber.XLogY(positive, e.LogP);
            var pDerivative = gammaPos == 0
                ? TNumber.Zero
                : TNumber.Of(gammaPos) * TNumber.XLogY(positive, TNumber.DivideOrZero(e.LogP, q));
            if (shift == 0)
            {
                var unshifted = ElementVector<TWide, TNumber>.Narrow(e.U * TWide.Pow(e.P, gammaNeg));
                if (gammaNeg != 0)
                    pDerivative -= TNumber.Of(gammaNeg) * TNumber.XLogY(unshifted, TNumber.DivideOrZero(e.LogQ, p));
                value += TNumber.XLogY(unshifted, e.LogQ);
                return new() { Value = -value, LogPDerivative = -positive, LogQDerivative = -unshifted, PDerivative = pDerivative };
            }

            // an error of m counts γ times in m^γ
            var delta = TWide.Of(shift);
            var wideM = e.P - delta;
            var lost = TWide.GetBits(TWide.IsLost(wideM, (e.P + delta) * TWide.Of(double.Max(gammaNeg, 1))));
            wideM = TWide.Max(wideM, TWide.Zero);
            var (m, n) = (ElementVector<TWide, TNumber>.Narrow(wideM), ElementVector<TWide, TNumber>.Narrow(e.Q + delta));
            // log(1 − m): from m where it is small, so from 1 − m rounded and what that lacks; else from 1 − p
            var rounded = TNumber.One - m;
            var isSmall = TNumber.LessThan(m, TNumber.Of(0.5));
            var lack = TNumber.Select(isSmall, (TNumber.One - rounded) - m, TNumber.Zero);
            var logN = TNumber.Log(TNumber.Select(isSmall, rounded, n)) + lack * (TNumber.One + m);
            var negative = ElementVector<TWide, TNumber>.Narrow(e.U * TWide.Pow(wideM, gammaNeg));
            value += TNumber.XLogY(negative, logN);
            pDerivative += negative * TNumber.DivideOrZero(m - TNumber.Of(gammaNeg) * n * logN, m * n);
            return new() { Value = -value, LogPDerivative = -positive, PDerivative = pDerivative, Lost = lost };
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public Dd Curve(in ElementVector<Dd, Dd> e, bool isSigmoid)
        {
            var positive = Dd.XLogY(e.T * e.PosWeight, CurveSide(e.P, e.Q, e.LogP, gammaPos, isSigmoid));
            var negative = shift == 0
                ? CurveSide(e.Q, e.P, e.LogQ, gammaNeg, isSigmoid)
                : CurveShifted(e, isSigmoid);
            return positive + Dd.XLogY(e.U, negative);
        }

        /// <summary>
        /// Of −(1 − a)^γ·log a, with b = 1 − a and r = −log a/b: by the logit and over ab, b^γ·(γ·(γa − b)·r + 2γ + 1); by a,
        /// b^γ/a² + γ·b^(γ−1)·((γ − 1)·r + 2/a).
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static Dd CurveSide(Dd a, Dd b, Dd logA, double gamma, bool isSigmoid)
        {
            var (g, ratio) = (new Dd(gamma), Dd.Select(b.IsZero, Dd.One, -logA / b));
            if (isSigmoid)
                return Dd.Pow(b, gamma) * (g * ((g * a - b) * ratio + new Dd(2.0)) + Dd.One);
            var first = Dd.Pow(b, gamma) * Quotients.OverSquare(Dd.One, a);
            if (gamma == 0) return first;
            return Quotients.Beside(
                first, g * Dd.Pow(b, gamma - 1) * ((g - Dd.One) * ratio + new Dd(2.0) * Quotients.Over(Dd.One, a)));
        }

        /// <summary>
        /// Of −m^γ·log n, with r = −log n/m: by p, m^γ/n² + γ·m^(γ−1)·((γ − 1)·r + 2/n); by the logit and over pq, that times pq, and
        /// (m^γ/n + γ·m^γ·r)·(q − p). 0 where m = 0, as the gradient.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private Dd CurveShifted(in ElementVector<Dd, Dd> e, bool isSigmoid)
        {
            var m = Dd.Max(e.P - new Dd(shift), Dd.Zero);
            var n = e.Q + new Dd(shift);
            var logN = Dd.Select(Dd.LessThan(m, new Dd(0.5)), Dd.Log1p(-m), Dd.Log(n));
            var (g, ratio, power) = (new Dd(gammaNeg), -logN / m, Dd.Pow(m, gammaNeg));
            var curve = power / Dd.Square(n);
            if (gammaNeg != 0) curve += g * Dd.Pow(m, gammaNeg - 1) * ((g - Dd.One) * ratio + new Dd(2.0) / n);
            if (isSigmoid) curve = curve * e.P * e.Q + power * (Dd.One / n + g * ratio) * (e.Q - e.P);
            return Dd.Select(m.IsZero, Dd.Zero, curve);
        }
    }
}
