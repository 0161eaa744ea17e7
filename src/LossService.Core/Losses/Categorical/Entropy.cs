using LossService.Core.Engine;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Categorical;

/// <summary>L = −Σ_c p_c log p_c: no labels.</summary>
internal sealed class Entropy : CategoricalLoss
{
    public override string Name => "entropy";

    public override bool IsInformation => true;

    public override LabelRule Labels => LabelRule.None;

    public override IReadOnlyList<Option> Options { get; } = [SharedOptions.Temperature, SharedOptions.Clip];

    public override LossPage Page { get; } = new()
    {
        Title = "Entropy",
        Summary = "How undecided the model is: 0 for a certain answer, log K for an even spread over K classes. Takes no labels.",
        Formula = @"\ell = -\sum_c p_c \log p_c",
        WhenToUse = """
            Added to a loss, it makes predictions on unlabelled data decide (entropy minimisation); subtracted, it keeps a
            policy exploring (the entropy bonus of reinforcement learning). By itself it watches a model in production: a
            rising mean says that the inputs have moved away from what it was trained on. The gradient vanishes both at
            certainty and at the even spread.
            """,
        References =
        [
            new("C. E. Shannon, A Mathematical Theory of Communication, Bell System Technical Journal, 1948", "https://doi.org/10.1002/j.1538-7305.1948.tb01338.x"),
            new("Y. Grandvalet and Y. Bengio, Semi-supervised Learning by Entropy Minimization, NIPS 2004", "https://papers.nips.cc/paper/2740-semi-supervised-learning-by-entropy-minimization"),
            new("V. Mnih et al., Asynchronous Methods for Deep Reinforcement Learning, 2016 (entropy bonus)", "https://arxiv.org/abs/1602.01783"),
        ],
        Equivalents =
        [
            new("PyTorch", "torch.distributions.Categorical(logits=logits).entropy().mean()"),
            new("SciPy", "scipy.stats.entropy(probabilities, axis=-1).mean()"),
        ],
        Example = """
            {
              "logits": [[4.0, 0.0, 0.0], [0.1, 0.0, -0.1]],
              "unit": "bits",
              "outputs": ["loss", "losses", "gradient", "probabilities"]
            }
            """,
    };

    public override CategoricalFormula CreateFormula(OptionValues options, int classes) => new SumOverClasses<Term>(default);

    private readonly struct Term : IClassTerm
    {
        public ClassResult At(in EightClasses c) =>
            new(-Dd.XLogY(c.P, c.LogP), Dd.Zero, -(c.LogP + Dd.One));
    }
}
