using System.Runtime.CompilerServices;
using LossService.Core.Engine;
using LossService.Core.Losses.Categorical;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Binary;

/// <summary>L = α_t (1 − p_t)^γ · BCE(p, t), π on its positive term, p_t = pt + (1 − p)(1 − t) and α_t = αt + (1 − α)(1 − t).</summary>
internal sealed class BinaryFocal : BinaryLoss<BinaryFocal.Formula>
{
    public static readonly Option<double?> Alpha = new("alpha", OptionForm.Number, 0.25,
        "α: weight of positives; negatives have 1 − α. none turns the weighting off: both have 1.")
    { Minimum = 0, Maximum = 1, TakesNone = true };

    public override string Name => "binary_focal";

    public override bool IsInformation => true;

    public override bool HasSecondDerivative => true;

    public override IReadOnlyList<Option> Options { get; } = WithShared(Focal.Gamma, Alpha, SharedOptions.PosWeight);

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

            Range: 0 to ∞, in nats or bits. Gradient with respect to logits, for t = 1: −π α (1 − p)^γ (1 − p − γ p log p)/T; for t =
            0 the same with 1 − p for p, 1 − α for α, without π, and the opposite sign. Hessian for logits, for t = 1: π α p (1 −
            p)^(γ+1) (2γ + 1 + γ (1 − p − γ p) log p/(1 − p))/T²; for t = 0 the same with 1 − p for p, 1 − α for α and without π. It
            is below 0 where ℓ is not convex.

            Symbols: p the predicted probability, σ(z/T) of logit z; t the label after label_smoothing; γ gamma; α alpha; T
            temperature; BCE(p, t) = −π t log p − (1 − t) log (1 − p) with π pos_weight, by default 1.
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
    /// With q = 1 − p, u = 1 − t and m = 1 − p_t = pu + qt, a sum without cancellation: ∂m/∂p = u − t. The derivative of the factor m^γ
    /// is γ·(u − t)·m^γ·BCE/m; the quotient tends to 1 where both tend to 0.
    /// </remarks>
    internal readonly struct Formula(double gamma, double? alpha) : IElementFormula
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ElementResult<TNumber> At<TWide, TNumber>(in ElementVector<TWide, TNumber> e)
            where TWide : struct, IArithmetic<TWide>
            where TNumber : struct, IArithmetic<TNumber>
        {
            var m = e.P * e.U + e.Q * e.T;
            var scale = TWide.Pow(m, gamma);
            if (alpha is { } share) scale *= TWide.Of(share) * e.T + (TWide.One - TWide.Of(share)) * e.U;
            var factor = ElementVector<TWide, TNumber>.Narrow(scale);
            var (t, u) = (ElementVector<TWide, TNumber>.Narrow(e.T) * e.PosWeight, ElementVector<TWide, TNumber>.Narrow(e.U));
            var crossEntropy = -(TNumber.XLogY(t, e.LogP) + TNumber.XLogY(u, e.LogQ));
            var pDerivative = TNumber.Zero;
            if (gamma != 0)
            {
                var quotient = TNumber.DivideOrZero(crossEntropy, ElementVector<TWide, TNumber>.Narrow(m));
                pDerivative = TNumber.XLogY(TNumber.Of(gamma) * ElementVector<TWide, TNumber>.Narrow(e.U - e.T) * factor, quotient);
            }
            return new()
            {
                Value = TNumber.XLogY(factor, crossEntropy),
                LogPDerivative = -(factor * t),
                LogQDerivative = -(factor * u),
                PDerivative = pDerivative,
            };
        }

        /// <remarks>
        /// With D = u − t, v = πt, r = BCE/m and E = up − vq, by z and over p(1 − p): m^γ·(γ(γ − 1)·D²·r·pq/m + γ·D·r·(q − p) + 2γ·D·E/m +
        /// u + v), and by p: m^γ·(v/p² + u/q²) + γ·m^(γ−1)·D·((γ − 1)·D·r + 2·(u/q − v/p)). Where m tends to 0, r tends to u + v.
        /// </remarks>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public Dd Curve(in ElementVector<Dd, Dd> e, bool isSigmoid)
        {
            var m = e.P * e.U + e.Q * e.T;
            var share = alpha is { } positive ? new Dd(positive) * e.T + (Dd.One - new Dd(positive)) * e.U : Dd.One;
            var t = e.T * e.PosWeight;
            var crossEntropy = -(Dd.XLogY(t, e.LogP) + Dd.XLogY(e.U, e.LogQ));
            var ratio = Dd.Select(m.IsZero, e.U + t, crossEntropy / m);
            var (d, g) = (e.U - e.T, new Dd(gamma));
            if (isSigmoid)
            {
                var bend = (g - Dd.One) * d * Dd.DivideOrZero(e.P * e.Q, m) + e.Q - e.P;
                bend = g * d * (bend * ratio + new Dd(2.0) * Dd.DivideOrZero(e.U * e.P - t * e.Q, m)) + e.U + t;
                return Dd.XLogY(share * Dd.Pow(m, gamma), bend);
            }
            var first = Dd.Pow(m, gamma) * (Quotients.OverSquare(t, e.P) + Quotients.OverSquare(e.U, e.Q));
            if (gamma == 0) return Dd.XLogY(share, first);
            var slope = Quotients.Over(e.U, e.Q) - Quotients.Over(t, e.P);
            var second = g * Dd.Pow(m, gamma - 1) * d * ((g - Dd.One) * d * ratio + new Dd(2.0) * slope);
            return Dd.XLogY(share, Quotients.Beside(first, second));
        }
    }
}
