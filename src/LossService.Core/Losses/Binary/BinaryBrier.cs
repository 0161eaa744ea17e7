using LossService.Core.Engine;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Binary;

/// <summary>L = (p − t)²; through a sigmoid its gradient 2(p − t)·p(1 − p) vanishes where p is sure, right or wrong.</summary>
internal sealed class BinaryBrier : BinaryLoss<BinaryBrier.Formula>
{
    public override string Name => "binary_brier";

    public override IReadOnlyList<Option> Options { get; } = WithShared();

    public override LossPage Page { get; } = new()
    {
        Title = "Binary Brier score",
        Summary = "The squared error of a probability, element by element: from 0 to 1, and proper.",
        Formula = @"\ell = (p - t)^2, \qquad p = \sigma(z/T)",
        WhenToUse = """
            To judge the probabilities of yes-or-no forecasts: bounded, and never infinite. To train with, compare
            binary_cross_entropy on the example below, in which the third element is a confident mistake (z = −20, t = 1).
            Here its value is as bad as can be, 1, yet its gradient is 2(p − t)·p(1 − p) = −4.1e-9: the sigmoid has saturated,
            and no training would ever mend it. There it is p − t = −1.
            """,
        References =
        [
            new("G. W. Brier, Verification of Forecasts Expressed in Terms of Probability, Monthly Weather Review, 1950", "https://journals.ametsoc.org/view/journals/mwre/78/1/1520-0493_1950_078_0001_vofeit_2_0_co_2.xml"),
        ],
        Equivalents =
        [
            new("PyTorch", "torch.nn.functional.mse_loss(torch.sigmoid(logits), labels)"),
            new("Keras", "keras.losses.MeanSquaredError()(labels, probabilities)"),
            new("scikit-learn", "sklearn.metrics.brier_score_loss(labels, probabilities)"),
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

    internal readonly struct Formula : IElementFormula
    {
        public static bool IsOnLogits => false;

        public ElementResult At(in EightElements e)
        {
            var error = e.Error;
            return new(Dd.Square(error), Dd.Zero, Dd.Zero, error + error, Dd.Zero);
        }
    }
}
