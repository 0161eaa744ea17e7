using System.Runtime.CompilerServices;
using LossService.Core.Engine;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Categorical;

/// <summary>L = β·KL(t‖m) + (1 − β)·KL(p‖m) with the mixture m = βt + (1 − β)p.</summary>
internal sealed class JsDivergence : CategoricalLoss
{
    public static readonly Option<double> Beta = new("beta", OptionForm.Number, 0.5,
        "β: weight of the labels in the mixture. Up to a factor, the loss tends to cross-entropy as β tends to 0, and to mean "
        + "absolute error as β tends to 1.")
    { Minimum = 1e-20, Maximum = 1, Open = true };

    public override string Name => "js_divergence";

    public override bool IsInformation => true;

    public override bool HasSecondDerivative => true;

    public override IReadOnlyList<Option> Options { get; } = WithShared(Beta);

    public override LossPage Page { get; } = new()
    {
        Title = "Jensen–Shannon divergence",
        Summary = "Jensen–Shannon divergence: weighted KL divergences of labels and predictions from their mixture; bounded, and symmetric "
            + "at β = ½.",
        Formula = @"\ell = \beta\, \mathrm{KL}(t \,\|\, m) + (1 - \beta)\, \mathrm{KL}(p \,\|\, m), \qquad m = \beta t + (1 - \beta) p",
        WhenToUse = """
            Use it when labels are noisy, or to compare two distributions of which neither is the reference. It is bounded, so one
            wrong label cannot dominate a batch. The gradient of a confident mistake vanishes with the label's probability; for clean
            labels prefer cross_entropy.

            Range: 0 to −β log β − (1 − β) log (1 − β), which is log 2 at β = ½; in nats or bits. Gradient with respect to
            probabilities: g_c = (1 − β) log (p_c/m_c); with respect to logits: p_c(g_c − Σ_k p_k g_k)/T. Hessian for probabilities:
            h_c = (1 − β) β t_c/(p_c m_c); for logits: p_c((1 − 2p_c)(g_c − Σ_k p_k g_k + p_c h_c) + p_c Σ_k p_k² h_k)/T².

            Symbols: p predicted probabilities, softmax(z/T) of logits z; t the label after label_smoothing; m their mixture; β beta;
            T temperature. class_weight multiplies ℓ.
            """,
        References =
        [
            new("J. Lin, Divergence Measures Based on the Shannon Entropy, IEEE Trans. Information Theory, 1991",
                "https://doi.org/10.1109/18.61115"),
            new("E. Englesson and H. Azizpour, Generalized Jensen-Shannon Divergence Loss for Learning with Noisy Labels, 2021",
                "https://arxiv.org/abs/2105.04522"),
        ],
        Equivalents =
        [
            new("SciPy", "scipy.spatial.distance.jensenshannon(labels, probabilities, axis=-1) ** 2"),
        ],
        Example = """
            {
              "probabilities": [[0.5, 0.25, 0.25], [0.125, 0.75, 0.125]],
              "labels": [[0.7, 0.2, 0.1], [0, 1, 0]],
              "beta": 0.5,
              "outputs": ["loss", "losses", "gradient"]
            }
            """,
    };

    public override CategoricalFormula CreateFormula(OptionValues options, int classes) => new Formula(options.Get(Beta));

    private sealed class Formula(double beta) : SumOverClasses<Term>(new(beta))
    {
        public override TrueClassFormula OfTrueClass { get; } = new TrueClassFormula<OfTrue>(new(beta));
    }

    /// <summary>With m = β + (1 − β)p: −β log m + (1 − β)(p log(p/m) − (1 − p) log(1 − β)).</summary>
    /// <remarks>For a small β, all three terms are about β: log(p/m) is no difference of logarithms where p is near m.</remarks>
    private readonly struct OfTrue(double beta) : ITrueClassTerm
    {
        private readonly Dd _rest = Dd.One - new Dd(beta);
        private readonly Dd _logRest = Dd.Log1p(-new Dd(beta));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public (TNumber Value, TNumber Slope) At<TNumber>(TNumber logP, TNumber p, TNumber q) where TNumber : struct, IArithmetic<TNumber>
        {
            var (part, rest, logRest) = (TNumber.Of(beta), _rest.Spread<TNumber>(), _logRest.Spread<TNumber>());
            var half = TNumber.Of(0.5);
            var isLikely = TNumber.LessThan(q, half);
            // the one has the digits of 1 − m, the other those of m
            var m = TNumber.Select(isLikely, TNumber.One - rest * q, part + rest * p);
            var logM = TNumber.Select(isLikely, TNumber.Log1p(-(rest * q)), TNumber.Log(m));
            var excess = part * q / m;
            var ratio = TNumber.Select(TNumber.LessThan(excess, half), TNumber.Log1p(-excess), logP - logM);
            var prediction = TNumber.XLogY(p, ratio);
            return (rest * (prediction - q * logRest) - part * logM, -rest * (prediction + p * logRest));
        }
    }

    /// <remarks>
    /// The terms that D adds to x·log(x/y) are β(m − t) + (1 − β)(m − p) = 0 in every class, so the sum of D is the loss, and
    /// none of its terms is negative. ∂L/∂p_c = (1 − β)·log(p_c/m_c). Where t = 0, the ratio p/m is 1/(1 − β), however small p is.
    /// </remarks>
    private readonly struct Term(double beta) : IClassTerm
    {
        /// <summary>Below this m, its terms may have lost digits to underflow.</summary>
        private const double MinMixture = 1e-250;

        private readonly Dd _beta = new(beta);
        private readonly Dd _rest = Dd.One - new Dd(beta);
        private readonly Dd _logBeta = Dd.Log(new Dd(beta));
        private readonly Dd _logRest = Dd.Log1p(-new Dd(beta));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ClassResult<TNumber> At<TNumber>(in ClassVector<TNumber> c) where TNumber : struct, IArithmetic<TNumber>
        {
            // in sums of two doubles, the compiler does not inline all of it into a loop; it knows the type before it inlines
            if (typeof(TNumber) == typeof(PlainDouble) || typeof(TNumber) == typeof(PlainEight)) return Compute(c);
            Find(c, out var result);
            return result;
        }

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        private void Find<TNumber>(in ClassVector<TNumber> c, out ClassResult<TNumber> result)
            where TNumber : struct, IArithmetic<TNumber> => result = Compute(c);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private ClassResult<TNumber> Compute<TNumber>(in ClassVector<TNumber> c) where TNumber : struct, IArithmetic<TNumber>
        {
            var (beta, rest) = (_beta.Spread<TNumber>(), _rest.Spread<TNumber>());
            var logRest = _logRest.Spread<TNumber>();
            var (p, t, error) = (c.P, c.T, c.Error);
            var m = beta * t + rest * p;
            var logT = RelativeEntropy.Log(t);
            var logM = RelativeEntropy.Log(m);
            if (TNumber.HasAllDigits)
            {
                // of padding, too
                var isTiny = TNumber.LessThan(m, TNumber.Of(MinMixture));
                if (TNumber.GetBits(isTiny) != 0)
                {
                    var logOfSum = LogOfSum(_logBeta.Spread<TNumber>() + logT, logRest + c.LogP);
                    logM = TNumber.Select(isTiny, logOfSum, logM);
                }
            }
            var (fromLabel, fromPrediction) = (rest * error, -beta * error);
            var label = RelativeEntropy.Compare(t, logT, m, logM, fromLabel);
            var prediction = RelativeEntropy.Compare(p, c.LogP, m, logM, fromPrediction);
            var value = TNumber.Select(t.IsZero, -rest * p * logRest, beta * label.Term + rest * prediction.Term);
            var ratio = prediction.LogRatio;
            ratio = TNumber.Select(p.IsZero, c.LogP - logM, ratio);
            ratio = TNumber.Select(t.IsZero, -logRest, ratio);
            var result = new ClassResult<TNumber> { Value = value, PDerivative = rest * ratio };
            if (TNumber.HasAllDigits) return result;
            result.Size = TNumber.Select(t.IsZero, value, beta * label.Size + rest * prediction.Size);
            result.PSize = rest * TNumber.Select(t.IsZero, TNumber.One, RelativeEntropy.GetRatioSize(ratio));
            return result;
        }

        /// <remarks>∂²L/∂p² = (1 − β)·(1/p − (1 − β)/m) = (1 − β)·β·t/(p·m).</remarks>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public (Dd Scaled, Dd OfP) Curve(in ClassVector<Dd> c) =>
            (Dd.DivideOrZero(_rest * _beta * c.T, _beta * c.T + _rest * c.P), Dd.Zero);

        /// <summary>log(eᵃ + eᵇ), where the sum itself would underflow.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static TNumber LogOfSum<TNumber>(TNumber a, TNumber b) where TNumber : struct, IArithmetic<TNumber>
        {
            var larger = TNumber.Max(a, b);
            var difference = TNumber.Select(TNumber.LessThan(a, b), a, b) - larger;
            return larger + TNumber.Log1p(Unsafe.BitCast<Dd, TNumber>(Dd.Exp(Unsafe.BitCast<TNumber, Dd>(difference))));
        }
    }
}
