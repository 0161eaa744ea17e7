using System.Runtime.CompilerServices;
using LossService.Core.Engine;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Categorical;

/// <summary>L = −Σ_c w_c t_c log p_c + z_loss·Σ_c w_c y_c·logsumexp(z/T)².</summary>
internal sealed class CrossEntropy : CategoricalLoss
{
    public static readonly Option<double> ZLoss = new("z_loss", OptionForm.Number, 0,
        "ζ: adds ζ·logsumexp(z/T)², times the sample's class weight, to each sample's loss, which keeps the logits from drifting. No unit "
        + "applies to it.")
    { Minimum = 0, Maximum = SharedOptions.Largest, OnlyWith = PredictionForm.Logits };

    public override string Name => "cross_entropy";

    public override bool IsInformation => true;

    public override bool HasSecondDerivative => true;

    public override ClassWeighting ClassWeighting => ClassWeighting.PerTerm;

    public override IReadOnlyList<Option> Options { get; } = WithShared(ZLoss);

    public override LossPage Page { get; } = new()
    {
        Title = "Cross-entropy",
        Summary = "Cross-entropy: −log of the probability assigned to the label, in nats or bits.",
        Formula = @"\ell = -\sum_c w_c\, t_c \log p_c + \zeta \sum_c w_c\, y_c \left(\log \sum_c e^{z_c/T}\right)^2, \qquad "
            + @"p = \operatorname{softmax}(z/T)",
        WhenToUse = """
            Use it to train or evaluate a classifier when exactly one of K classes is true. Soft labels (annotator votes) are posted as
            dense rows, and a teacher's logits (distillation) as label_logits. One sample's loss has no upper bound, so wrong labels can
            dominate the sum; for noisy labels use generalized_cross_entropy or js_divergence, which are bounded, or symmetric_cross_entropy.
            ListNet is this loss with the softmax of the relevances as dense labels, and list_mle scores their order; InfoNCE is this loss
            with similarities as logits and the index of the positive as the label.

            Range: 0 to ∞. It is 0 for a class index predicted with probability 1; for a soft label the minimum is the label's
            entropy. Gradient with respect to logits: (p − t)/T when w = 1 and ζ = 0. It does not vanish while the prediction is
            wrong: a confident mistake has a gradient near −1/T on its label. Hessian (its diagonal): p (1 − p)/T² for logits when w
            = 1 and ζ = 0, and w t/p² for probabilities.

            Symbols: z logits; p predicted probabilities; y the label and t the label after label_smoothing; w class_weight; T temperature;
            ζ z_loss. unit converts the first sum only.
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

    public override CategoricalFormula CreateFormula(OptionValues options, int classes) => new Formula(options.Get(ZLoss));

    private sealed class Formula(double zLoss) : SumOverClasses<Term>(default)
    {
        public override bool IsCrossEntropy => true;

        public override double LogSumExpSquared => zLoss;
    }

    internal readonly struct Term : IClassTerm
    {
        public static bool ReadsWeight => true;

        public static bool HasPDerivative => false;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ClassResult<TNumber> At<TNumber>(in ClassVector<TNumber> c) where TNumber : struct, IArithmetic<TNumber>
        {
            var t = c.T * c.W;
            var value = -TNumber.XLogY(t, c.LogP);
            return new() { Value = value, LogPDerivative = -t, Size = value };
        }

        public (Dd Scaled, Dd OfP) Curve(in ClassVector<Dd> c) => (Dd.Zero, Dd.Zero);
    }
}
