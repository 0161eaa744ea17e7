using System.Runtime.CompilerServices;
using LossService.Core.Engine;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Categorical;

/// <summary>L = −α Σ_c t_c log p_c − β Σ_c p_c max(log t_c, A).</summary>
internal sealed class SymmetricCrossEntropy : CategoricalLoss
{
    public static readonly Option<double> Alpha = new("alpha", OptionForm.Number, 0.1,
        "α: factor of cross-entropy, which learns fast and fits wrong labels too.")
    { Minimum = 0, MinimumAboveZero = SharedOptions.Smallest, Maximum = SharedOptions.Largest };

    public static readonly Option<double> Beta = new("beta", OptionForm.Number, 1,
        "β: factor of reverse cross-entropy, which is bounded and tolerates wrong labels.")
    { Minimum = 0, MinimumAboveZero = SharedOptions.Smallest, Maximum = SharedOptions.Largest };

    public static readonly Option<double> LogZero = new("log_zero", OptionForm.Number, -4,
        "A: what the logarithm of a label of 0 counts as, and that of any other label at least.")
    { Minimum = -700, Maximum = 0 };

    public override string Name => "symmetric_cross_entropy";

    public override bool HasSecondDerivative => true;

    public override IReadOnlyList<Option> Options { get; } = WithShared(Alpha, Beta, LogZero);

    public override LossPage Page { get; } = new()
    {
        Title = "Symmetric cross-entropy",
        Summary = "Symmetric cross-entropy: α times cross-entropy plus β times reverse cross-entropy, in which labels and predictions "
            + "change places.",
        Formula = @"\ell = -\alpha \sum_c t_c \log p_c - \beta \sum_c p_c \max(\log t_c,\; A)",
        WhenToUse = """
            Use it to train when some labels are wrong: the reverse part is at most −βA, so that a sample whose label the model strongly
            contradicts has little influence, and a small α lets cross-entropy speed up the start. generalized_cross_entropy serves the
            same purpose with one option and is bounded as a whole. Do not use it to evaluate, or where labels are clean: cross_entropy
            and brier are least at the true probabilities, and this loss is not. For class indices the reverse part is −βA(1 − p_y), so
            that only the product βA matters; for soft labels A also bounds how much a class of a small label costs. The authors use
            α = 0.1, β = 1, A = −4 for ten classes and α = 6, β = 0.1 for a hundred. Code that replaces labels below 1e-4 by 1e-4 has
            A = −9.21034.

            Range: 0 to ∞; with α = 0, 0 to −βA. Logarithms are natural, and it has no unit, since A is not an amount of information.
            Gradient with respect to logits, for class index y: (α − βA p_y)(p − t)/T; with respect to probabilities: −α t/p − β max(log
            t, A). Hessian for logits, for class index y: ((α − βA p_y) p (1 − p) + βA p_y (p − t)²)/T²; for probabilities: α t/p².

            Symbols: p predicted probabilities, softmax(z/T) of logits z; t the label after label_smoothing; α alpha; β beta; A
            log_zero; T temperature. class_weight multiplies ℓ.
            """,
        References =
        [
            new("Y. Wang et al., Symmetric Cross Entropy for Robust Learning with Noisy Labels, 2019", "https://arxiv.org/abs/1908.06112"),
        ],
        Equivalents =
        [
            new("PyTorch", "0.1 * torch.nn.functional.cross_entropy(logits, labels) "
                + "+ 4 * (1 - logits.softmax(-1).gather(-1, labels[:, None])).mean()"),
        ],
        Example = """
            {
              "logits": [[2.0, 1.0, 0.1], [0.3, 2.2, 0.4], [6.0, -1.0, 0.0]],
              "labels": [0, 1, 2],
              "alpha": 0.1,
              "beta": 1,
              "log_zero": -4,
              "outputs": ["loss", "losses", "gradient"]
            }
            """,
    };

    public override CategoricalFormula CreateFormula(OptionValues options, int classes) =>
        new Formula(options.Get(Alpha), options.Get(Beta), options.Get(LogZero));

    private sealed class Formula(double alpha, double beta, double logZero) : SumOverClasses<Term>(new(alpha, beta, logZero))
    {
        public override TrueClassFormula OfTrueClass { get; } = new TrueClassFormula<OfTrue>(new(alpha, beta, logZero));
    }

    private readonly struct OfTrue(double alpha, double beta, double logZero) : ITrueClassTerm
    {
        private readonly Dd _reverse = new Dd(beta) * new Dd(-logZero);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public (TNumber Value, TNumber Slope) At<TNumber>(TNumber logP, TNumber p, TNumber q) where TNumber : struct, IArithmetic<TNumber>
        {
            var (forward, reverse) = (TNumber.Of(alpha), _reverse.Spread<TNumber>());
            return (reverse * q - TNumber.XLogY(forward, logP), forward + reverse * p);
        }
    }

    private readonly struct Term(double alpha, double beta, double logZero) : IClassTerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ClassResult<TNumber> At<TNumber>(in ClassVector<TNumber> c) where TNumber : struct, IArithmetic<TNumber>
        {
            var t = TNumber.Of(alpha) * c.T;
            var log = TNumber.Select(c.T.IsZero, TNumber.Of(logZero), TNumber.Max(TNumber.Log(c.T), TNumber.Of(logZero)));
            var cost = -log * TNumber.Of(beta);
            var value = c.P * cost - TNumber.XLogY(t, c.LogP);
            // the logarithm of a rounded label near 1 has an error of that rounding, however small it is; so has that of two doubles
            var doubt = TNumber.Of(c.HasExactTarget && !TNumber.HasRest ? 0 : beta);
            return new() { Value = value, LogPDerivative = -t, PDerivative = cost, Size = value + c.P * doubt, PSize = cost + doubt };
        }

        public (Dd Scaled, Dd OfP) Curve(in ClassVector<Dd> c) => (Dd.Zero, Dd.Zero);
    }
}
