using LossService.Core.Engine;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Categorical;

/// <summary>L = −Σ_c w_c t_c log p_c + z_loss·logsumexp(z)²; with softmax its gradient is prediction − truth.</summary>
internal sealed class CrossEntropy : CategoricalLoss
{
    public static readonly Option<double> ZLoss = new("z_loss", OptionForm.Number, 0,
        "Adds z_loss·logsumexp(z)² to each sample's value: keeps the logits from drifting.")
    { Minimum = 0, OnlyWith = PredictionForm.Logits };

    public override string Name => "cross_entropy";

    public override bool IsInformation => true;

    public override ClassWeighting ClassWeighting => ClassWeighting.PerTerm;

    public override IReadOnlyList<Option> Options { get; } = WithShared(ZLoss);

    public override LossPage Page { get; } = new()
    {
        Title = "Cross-entropy",
        Summary = "How many nats (or bits) the model's distribution wastes on the truth: −log of the probability it gave to the label.",
        Formula = @"\ell = -\sum_c w_c\, t_c \log p_c + \zeta \left(\log \sum_c e^{z_c}\right)^2, \qquad p = \operatorname{softmax}(z/T)",
        WhenToUse = """
            The loss to begin with whenever exactly one of K classes is true. With softmax its gradient is simply p − t: it is
            as large as the mistake, never saturates, and punishes a confident mistake without bound. Soft labels (distillation,
            annotator votes) are dense rows; label_smoothing, class_weight and z_loss are those of large-scale training.
            """,
        References =
        [
            new("I. J. Good, Rational Decisions, J. Royal Statistical Society B, 1952", "https://www.jstor.org/stable/2984087"),
            new("C. Szegedy et al., Rethinking the Inception Architecture, 2015 (label smoothing)", "https://arxiv.org/abs/1512.00567"),
            new("A. Chowdhery et al., PaLM, 2022 (z-loss)", "https://arxiv.org/abs/2204.02311"),
        ],
        Equivalents =
        [
            new("PyTorch", "torch.nn.functional.cross_entropy(logits, labels)"),
            new("Keras", "keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits)"),
            new("Optax", "optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()"),
            new("scikit-learn", "sklearn.metrics.log_loss(labels, probabilities)"),
        ],
        Example = """
            {
              "logits": [[2.0, 1.0, 0.1], [0.3, 2.2, 0.4], [1.5, -0.5, 0.2]],
              "labels": [0, 1, 2],
              "outputs": ["loss", "losses", "gradient", "predictions"]
            }
            """,
    };

    public override CategoricalFormula CreateFormula(OptionValues options, int classes) =>
        options.Get(ZLoss) is > 0 and var zLoss ? new WithZLoss(zLoss) : new SumOverClasses<Term>(default);

    public override bool IsSoftmaxCrossEntropy(OptionValues options) =>
        options.Get(ZLoss) == 0 && options.Get(SharedOptions.LabelSmoothing) == 0 && options.Get(SharedOptions.Temperature) == 1;

    /// <summary>Adds ζ·s² with s = logsumexp(z/T); its derivative is 2ζ·s.</summary>
    private sealed class WithZLoss(double zLoss) : CategoricalFormula
    {
        private readonly SumOverClasses<Term> _terms = new(default);

        public override bool HasLogSumExpTerm => true;

        public override Dd Score(in CategoricalRow row) => _terms.Score(row);

        public override Dd GetLogSumExpTerm(Dd logSumExp) => new Dd(zLoss) * logSumExp * logSumExp;

        public override Dd GetLogSumExpDerivative(Dd logSumExp) => new Dd(2 * zLoss) * logSumExp;
    }

    internal readonly struct Term : IClassTerm
    {
        public ClassResult At(in EightClasses c)
        {
            var t = c.T * c.W;
            return new(-Dd.Select(t.IsZero, Dd.Zero, t * c.LogP), -t, Dd.Zero);
        }
    }
}
