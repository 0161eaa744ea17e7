using System.Runtime.CompilerServices;
using LossService.Core.Engine;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Categorical;

/// <summary>L = Σ_c t_c log(t_c/p_c), or in reverse Σ_c p_c log(p_c/t_c).</summary>
internal sealed class KlDivergence : CategoricalLoss
{
    public static readonly Option<string> Direction = new("direction", OptionForm.Choice, "forward",
        "forward: KL(labels‖predictions). reverse: KL(predictions‖labels), which is infinite where a label is 0 and its "
        + "prediction is not.")
    { Choices = ["forward", "reverse"] };

    public override string Name => "kl_divergence";

    public override bool IsInformation => true;

    public override bool HasSecondDerivative => true;

    public override IReadOnlyList<Option> Options { get; } = WithShared(Direction);

    public override LossPage Page { get; } = new()
    {
        Title = "Kullback–Leibler divergence",
        Summary = "Kullback–Leibler divergence: cross-entropy minus the entropy of the labels, in nats or bits; 0 when predictions equal "
            + "labels.",
        Formula = @"\ell_{\text{forward}} = \sum_c t_c \log \frac{t_c}{p_c}, \qquad "
            + @"\ell_{\text{reverse}} = \sum_c p_c \log \frac{p_c}{t_c}",
        WhenToUse = """
            Use it for soft labels: annotators who disagree, or distillation, where label_logits are a teacher's logits and
            temperature_squared keeps the gradient's size as T grows. Forward has the gradient of cross_entropy,
            and a value of 0 exactly when predictions equal labels. Reverse concentrates on one mode of the labels instead of covering
            them all, as policies and variational posteriors do. Reverse is infinite for class indices unless label_smoothing is above
            0. The mean is over rows, as PyTorch's "batchmean".

            Range: 0 to ∞. Gradient with respect to logits: forward (p − t)/T; reverse p_c(log (p_c/t_c) − ℓ)/T. Hessian for logits:
            forward p (1 − p)/T²; reverse p_c((1 − 2p_c)(log (p_c/t_c) − ℓ) + 1 − p_c)/T², and NaN where ℓ is infinite.

            Symbols: p predicted probabilities, softmax(z/T) of logits z; t the label after label_smoothing; forward and reverse are
            the values of direction; T temperature. class_weight multiplies ℓ.
            """,
        References =
        [
            new("S. Kullback and R. A. Leibler, On Information and Sufficiency, Annals of Mathematical Statistics, 1951",
                "https://doi.org/10.1214/aoms/1177729694"),
            new("G. Hinton, O. Vinyals and J. Dean, Distilling the Knowledge in a Neural Network, 2015",
                "https://arxiv.org/abs/1503.02531"),
        ],
        Equivalents =
        [
            new("PyTorch", "torch.nn.functional.kl_div(log_probabilities, labels, reduction=\"batchmean\")"),
            new("PyTorch", "torch.nn.functional.kl_div(log_probabilities, label_log_probabilities, reduction=\"batchmean\", "
                + "log_target=True)"),
            new("Keras", "keras.losses.KLDivergence()(labels, probabilities)"),
            new("Optax", "optax.kl_divergence(log_probabilities, labels).mean()"),
        ],
        Example = """
            {
              "logits": [[1.2, 0.3, -0.8], [0.1, 0.2, 2.0]],
              "labels": [[0.7, 0.2, 0.1], [0.05, 0.05, 0.9]],
              "direction": "forward",
              "outputs": ["loss", "losses", "gradient"]
            }
            """,
    };

    public override CategoricalFormula CreateFormula(OptionValues options, int classes) =>
        options.Get(Direction) == "forward" ? new ForwardFormula() : new ReverseFormula();

    private sealed class ForwardFormula() : SumOverClasses<Forward>(default)
    {
        public override bool IsRelativeEntropy => true;
    }

    private sealed class ReverseFormula() : SumOverClasses<Reverse>(default)
    {
        public override bool ReadsLogOfTarget => true;
    }

    /// <summary>Σ D(t‖p) + Σt − Σp; with softmax, Σt − Σp is the rounding error of a dense label's sum.</summary>
    private readonly struct Forward : IClassTerm
    {
        public static int SurplusFactor => 1;

        public static bool HasPDerivative => false;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ClassResult<TNumber> At<TNumber>(in ClassVector<TNumber> c) where TNumber : struct, IArithmetic<TNumber>
        {
            var (t, p, error) = (c.T, c.P, c.Error);
            var logT = RelativeEntropy.Log(t);
            var divergence = RelativeEntropy.Compare(t, logT, p, c.LogP, error);
            var value = divergence.Term;
            if (!c.SumsToOne) value = TNumber.Select(t.IsZero, TNumber.Zero, value - error);
            return new() { Value = value, LogPDerivative = -t, Size = divergence.Size };
        }

        public (Dd Scaled, Dd OfP) Curve(in ClassVector<Dd> c) => (Dd.Zero, Dd.Zero);
    }

    /// <summary>Σ D(p‖t) + Σp − Σt; infinite where t = 0 and p is not, however small p is.</summary>
    private readonly struct Reverse : IClassTerm
    {
        public static int SurplusFactor => -1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ClassResult<TNumber> At<TNumber>(in ClassVector<TNumber> c) where TNumber : struct, IArithmetic<TNumber>
        {
            var (t, p, logP, error) = (c.T, c.P, c.LogP, c.Error);
            var logT = c.HasLogT ? c.LogT : RelativeEntropy.Log(t);
            var hasNone = c.HasLogT ? ~logT.IsFinite : t.IsZero;
            var infinity = TNumber.Of(double.PositiveInfinity);
            var infinite = hasNone & logP.IsFinite;
            var divergence = RelativeEntropy.Compare(p, logP, t, logT, -error);
            var (term, ratio) = (divergence.Term, divergence.LogRatio);
            if (!c.SumsToOne) term = TNumber.Select(p.IsZero, TNumber.Zero, term + error);
            var value = TNumber.Select(infinite, infinity, term);
            var derivative = TNumber.One + TNumber.Select(p.IsZero, logP - logT, ratio);
            var result = new ClassResult<TNumber>
            {
                Value = value,
                LogPDerivative = TNumber.Select(infinite, infinity, TNumber.Zero),
                PDerivative = TNumber.Select(hasNone, TNumber.Zero, derivative),
                Size = divergence.Size,
            };
            if (!TNumber.HasAllDigits) result.PSize = RelativeEntropy.GetRatioSize(ratio) + TNumber.One;
            return result;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public (Dd Scaled, Dd OfP) Curve(in ClassVector<Dd> c) =>
            (Dd.Select(c.HasLogT ? ~c.LogT.IsFinite : c.T.IsZero, Dd.Zero, Dd.One), Dd.Zero);
    }
}
