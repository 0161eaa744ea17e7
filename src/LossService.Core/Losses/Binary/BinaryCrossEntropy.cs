using LossService.Core.Engine;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Binary;

/// <summary>L = −[pos_weight·t·log p + (1 − t)·log(1 − p)]; with sigmoid its gradient is prediction − truth.</summary>
internal sealed class BinaryCrossEntropy : BinaryLoss<BinaryCrossEntropy.Formula>
{
    public static readonly Option<double[]?> PosWeight = new("pos_weight", OptionForm.NumberOrPerClass, null,
        "The weight of the positive term: a number, or one for each class on the last axis [K]; above 1 favours recall.")
    { Minimum = 0 };

    public override string Name => "binary_cross_entropy";

    public override bool IsInformation => true;

    public override IReadOnlyList<Option> Options { get; } = WithShared(PosWeight);

    public override LossPage Page { get; } = new()
    {
        Title = "Binary cross-entropy",
        Summary = "Cross-entropy of a yes-or-no answer, element by element: multi-label rows are as many answers.",
        Formula = @"\ell = -\left[\pi\, t \log p + (1 - t) \log (1 - p)\right], \qquad p = \sigma(z/T)",
        WhenToUse = """
            For one yes-or-no question, or many independent ones in a row (multi-label). With sigmoid the gradient is p − t: a
            confident mistake (z = −20, t = 1) still pulls with the full force of −1. Compare binary_brier on the same batch:
            its gradient 2(p − t)·p(1 − p) is −4.1e-9 there, so a model trained on it would never hear of its mistake.
            """,
        References =
        [
            new("D. R. Cox, The Regression Analysis of Binary Sequences, J. Royal Statistical Society B, 1958", "https://www.jstor.org/stable/2983890"),
        ],
        Equivalents =
        [
            new("PyTorch", "torch.nn.functional.binary_cross_entropy_with_logits(logits, labels)"),
            new("Keras", "keras.losses.BinaryCrossentropy(from_logits=True)(labels, logits)"),
            new("Optax", "optax.sigmoid_binary_cross_entropy(logits, labels).mean()"),
            new("scikit-learn", "sklearn.metrics.log_loss(labels, probabilities)"),
        ],
        Example = """
            {
              "logits": [2.5, -1.0, -20.0, 0.3],
              "labels": [1, 0, 1, 1],
              "reduction": "sum",
              "outputs": ["loss", "losses", "gradient", "probabilities"]
            }
            """,
    };

    public override Formula CreateFormula(OptionValues options) => default;

    protected override double[] GetPositiveWeights(OptionValues options) => options.Get(PosWeight) ?? base.GetPositiveWeights(options);

    internal readonly struct Formula : IElementFormula
    {
        public static bool IsOnLogits => false;

        public static bool IsLogistic => true;

        public ElementResult At(in EightElements e)
        {
            var t = e.T * e.PosWeight;
            var u = Dd.One - e.T;
            var value = Dd.Select(t.IsZero, Dd.Zero, t * e.LogP) + Dd.Select(u.IsZero, Dd.Zero, u * e.LogQ);
            return new(-value, -t, -u, Dd.Zero, Dd.Zero);
        }
    }
}
