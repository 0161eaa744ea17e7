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

    public override IReadOnlyList<Option> Options { get; } = WithShared(Direction);

    public override LossPage Page { get; } = new()
    {
        Title = "Kullback–Leibler divergence",
        Summary = "Kullback–Leibler divergence: cross-entropy minus the entropy of the labels, in nats or bits; 0 when predictions equal "
            + "labels.",
        Formula = @"\ell_{\text{forward}} = \sum_c t_c \log \frac{t_c}{p_c}, \qquad "
            + @"\ell_{\text{reverse}} = \sum_c p_c \log \frac{p_c}{t_c}",
        WhenToUse = """
            Use it for soft labels: distillation from a teacher, annotators who disagree. Forward has the gradient of cross_entropy,
            and a value of 0 exactly when predictions equal labels. Reverse concentrates on one mode of the labels instead of covering
            them all, as policies and variational posteriors do. Reverse is infinite for class indices unless label_smoothing is above
            0. The mean is over rows, as PyTorch's "batchmean".

            Range: 0 to ∞. Gradient with respect to logits: forward (p − t)/T; reverse p_c(log (p_c/t_c) − ℓ)/T.

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
        options.Get(Direction) == "forward" ? new Forward() : new Reverse();

    /// <summary>Σ D(t‖p) + Σt − Σp; with softmax, Σt − Σp is the rounding error of a dense label's sum.</summary>
    private sealed class Forward : CategoricalFormula
    {
        public override Dd Score(in CategoricalRow row)
        {
            var value = Dd.Zero;
            for (var c = 0; c < row.P.Length; c += DdRow.Width)
            {
                var (t, p) = (row.T[c], row.P[c]);
                var error = row.Eight(c).Error;
                var term = RelativeEntropy.Term(t, Dd.Log(t), p, row.LogP[c], error);
                value += row.SumsToOne ? term : Dd.Select(t.IsZero, Dd.Zero, term - error);
                row.LogPDerivative.Store(c, -t);
                row.PDerivative.Store(c, Dd.Zero);
            }
            value = Dd.SumOfLanes(value);
            return row.SumsToOne ? value + row.Surplus : value;
        }
    }

    /// <summary>Σ D(p‖t) + Σp − Σt; infinite where t = 0 and p is not, however small p is.</summary>
    private sealed class Reverse : CategoricalFormula
    {
        public override Dd Score(in CategoricalRow row)
        {
            var value = Dd.Zero;
            for (var c = 0; c < row.P.Length; c += DdRow.Width)
            {
                var (t, p, logP) = (row.T[c], row.P[c], row.LogP[c]);
                var error = row.Eight(c).Error;
                var logT = Dd.Log(t);
                var infinite = t.IsZero & logP.IsFinite;
                var term = RelativeEntropy.Term(p, logP, t, logT, -error);
                if (!row.SumsToOne) term = Dd.Select(p.IsZero, Dd.Zero, term + error);
                value += Dd.Select(infinite, new Dd(double.PositiveInfinity), term);
                row.LogPDerivative.Store(c, Dd.Select(infinite, new Dd(double.PositiveInfinity), Dd.Zero));
                var derivative = Dd.One + Dd.Select(p.IsZero, logP - logT, RelativeEntropy.LogRatio(p, logP, logT, -error));
                row.PDerivative.Store(c, Dd.Select(t.IsZero, Dd.Zero, derivative));
            }
            value = Dd.SumOfLanes(value);
            return row.SumsToOne ? value - row.Surplus : value;
        }
    }
}
