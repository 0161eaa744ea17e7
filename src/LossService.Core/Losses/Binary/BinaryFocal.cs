using LossService.Core.Engine;
using LossService.Core.Losses.Categorical;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Binary;

/// <summary>L = α_t (1 − p_t)^γ · BCE(p, t), with p_t = pt + (1 − p)(1 − t) and α_t = αt + (1 − α)(1 − t).</summary>
internal sealed class BinaryFocal : BinaryLoss<BinaryFocal.Formula>
{
    public static readonly Option<double?> Alpha = new("alpha", OptionForm.Number, 0.25,
        "α: weight of positives; negatives have 1 − α. none turns the weighting off: both have 1.")
    { Minimum = 0, Maximum = 1, TakesNone = true };

    public override string Name => "binary_focal";

    public override bool IsInformation => true;

    public override IReadOnlyList<Option> Options { get; } = WithShared(Focal.Gamma, Alpha);

    public override LossPage Page { get; } = new()
    {
        Title = "Binary focal loss",
        Summary = "Binary focal loss: binary cross-entropy scaled by (1 − p_t)^γ, with weight α for positives and 1 − α for negatives.",
        Formula = @"\ell = \alpha_t (1 - p_t)^{\gamma}\, \mathrm{BCE}(p, t), \qquad "
            + @"p_t = p\,t + (1 - p)(1 - t), \quad \alpha_t = \alpha t + (1 - \alpha)(1 - t)",
        WhenToUse = """
            Use it when negatives far outnumber positives, as in dense object detection: γ reduces the loss of easy elements, α
            balances positives and negatives. The defaults are the paper's; α is below ½ because γ already reduces the loss of most
            negatives. With alpha = none and gamma = 0 it is binary_cross_entropy. It is not a proper scoring rule for γ above 0, so
            its probabilities should not be read as calibrated without a check.

            Range: 0 to ∞, in nats or bits. Gradient with respect to logits, for t = 1: −α (1 − p)^γ (1 − p − γ p log p)/T; for t = 0
            the same with 1 − p for p, 1 − α for α and the opposite sign.

            Symbols: p the predicted probability, σ(z/T) of logit z; t the label after label_smoothing; γ gamma; α alpha; T
            temperature; BCE(p, t) = −t log p − (1 − t) log (1 − p).
            """,
        References =
        [
            new("T.-Y. Lin et al., Focal Loss for Dense Object Detection, 2017", "https://arxiv.org/abs/1708.02002"),
        ],
        Equivalents =
        [
            new("PyTorch", "torchvision.ops.sigmoid_focal_loss(logits, labels, alpha=0.25, gamma=2, reduction=\"mean\")"),
            new("Keras",
                "keras.losses.BinaryFocalCrossentropy(apply_class_balancing=True, alpha=0.25, gamma=2, from_logits=True)(labels, logits)"),
            new("Optax", "optax.sigmoid_focal_loss(logits, labels, alpha=0.25, gamma=2).mean()"),
        ],
        Example = """
            {
              "logits": [[-4.0, -3.0, 2.0], [-5.0, 0.5, -1.0]],
              "labels": [[0, 0, 1], [0, 1, 1]],
              "gamma": 2,
              "alpha": 0.25,
              "outputs": ["loss", "losses", "gradient"]
            }
            """,
    };

    public override Formula CreateFormula(OptionValues options) => new(options.Get(Focal.Gamma), options.Get(Alpha));

    /// <remarks>
    /// With q = 1 − p, u = 1 − t and m = 1 − p_t = pu + qt, a sum without cancellation: ∂m/∂p = 1 − 2t. The derivative of the
    /// factor m^γ is returned as derivatives on log p and log q, because p·log p and q·log q are finite at p = 0 and p = 1.
    /// </remarks>
    internal readonly struct Formula(double gamma, double? alpha) : IElementFormula
    {
        public static bool IsOnLogits => false;

        public ElementResult At(in EightElements e)
        {
            var t = e.T;
            var u = Dd.One - t;
            var m = e.P * u + e.Q * t;
            var scale = Dd.Pow(m, gamma);
            if (alpha is { } share) scale *= new Dd(share) * t + (Dd.One - new Dd(share)) * u;
            var (forP, forQ) = (scale * t, scale * u);
            var value = Dd.XLogY(forP, e.LogP) + Dd.XLogY(forQ, e.LogQ);
            var derivative = new Dd(gamma) * (u - t);
            return new(
                -value,
                -forP * (Dd.One + derivative * Dd.DivideOrZero(Dd.XLogY(e.P, e.LogP), m)),
                -forQ * (Dd.One - derivative * Dd.DivideOrZero(Dd.XLogY(e.Q, e.LogQ), m)),
                Dd.Zero, Dd.Zero);
        }
    }
}
