using System.Runtime.CompilerServices;
using LossService.Core.Engine;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Categorical;

/// <summary>L = −Σ_c p_c log p_c: no labels.</summary>
internal sealed class Entropy : CategoricalLoss
{
    public override string Name => "entropy";

    public override bool IsInformation => true;

    public override bool HasSecondDerivative => true;

    public override LabelRule Labels => LabelRule.None;

    public override IReadOnlyList<Option> Options { get; } =
        [SharedOptions.Temperature, SharedOptions.LogitBias, SharedOptions.Clip, SharedOptions.Normalize, SharedOptions.ClassAxis];

    public override LossPage Page { get; } = new()
    {
        Title = "Entropy",
        Summary = "Entropy of the predicted distribution, in nats or bits: 0 for a one-hot prediction, log K for a uniform one. Takes no "
            + "labels.",
        Formula = @"\ell = -\sum_c p_c \log p_c",
        WhenToUse = """
            Use it as a regulariser: added to a loss, it makes predictions on unlabelled data more confident (entropy minimisation);
            subtracted, it rewards exploration (the entropy bonus of reinforcement learning). As a monitor in production, a rising
            mean suggests that inputs differ from the training data. It does not measure correctness: the entropy of a confident wrong
            prediction is near 0.

            Range: 0 to log K. Gradient with respect to logits: −p_c(log p_c + ℓ)/T. It is 0 for a uniform prediction and tends to 0
            as the prediction becomes one-hot. Hessian for logits: −p_c((1 − 2p_c)(log p_c + ℓ) + 1 − p_c)/T².

            Symbols: p predicted probabilities, softmax(z/T) of logits z; T temperature; K the number of classes.
            """,
        References =
        [
            new("C. E. Shannon, A Mathematical Theory of Communication, Bell System Technical Journal, 1948",
                "https://doi.org/10.1002/j.1538-7305.1948.tb01338.x"),
            new("Y. Grandvalet and Y. Bengio, Semi-supervised Learning by Entropy Minimization, NIPS 2004",
                "https://papers.nips.cc/paper/2740-semi-supervised-learning-by-entropy-minimization"),
            new("V. Mnih et al., Asynchronous Methods for Deep Reinforcement Learning, 2016 (entropy bonus)",
                "https://arxiv.org/abs/1602.01783"),
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
        public static bool IsLight => true;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ClassResult<TNumber> At<TNumber>(in ClassVector<TNumber> c) where TNumber : struct, IArithmetic<TNumber>
        {
            var value = -TNumber.XLogY(c.P, c.LogP);
            var result = new ClassResult<TNumber> { Value = value, PDerivative = -(c.LogP + TNumber.One), Size = value };
            if (!TNumber.HasAllDigits) result.PSize = TNumber.Abs(c.LogP) + TNumber.One;
            return result;
        }

        public (Dd Scaled, Dd OfP) Curve(in ClassVector<Dd> c) => (-Dd.One, Dd.Zero);
    }
}
