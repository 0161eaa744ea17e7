using LossService.Core.Engine;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Binary;

/// <summary>L = max(0, margin − s·z)² with s = 2t − 1: ±1.</summary>
internal sealed class SquaredHinge : BinaryLoss<SquaredHinge.Formula>
{
    public override string Name => "squared_hinge";

    public override LabelRule Labels => LabelRule.Bit;

    public override IReadOnlyList<PredictionForm> Accepts { get; } = [PredictionForm.Logits];

    public override IReadOnlyList<Option> Options { get; } =
        [SharedOptions.Margin, SharedOptions.IgnoreIndex, SharedOptions.Bins];

    public override LossPage Page { get; } = new()
    {
        Title = "Squared hinge",
        Summary = "The hinge, squared: smooth where it begins, and harder on whatever is far on the wrong side.",
        Formula = @"\ell = \max(0,\; m - s z)^2, \qquad s = 2t - 1",
        WhenToUse = """
            The L2 support vector machine. Its gradient −2s·max(0, m − s·z) grows with the distance, which speeds up learning
            and lets single outliers pull hard; it has no jump at the margin, so smooth optimisers are at home with it.
            Labels are hard, 0 or 1.
            """,
        References =
        [
            new("C. Cortes and V. Vapnik, Support-Vector Networks, Machine Learning, 1995", "https://doi.org/10.1007/BF00994018"),
            new("Y. Tang, Deep Learning using Linear Support Vector Machines, 2013", "https://arxiv.org/abs/1306.0239"),
        ],
        Equivalents =
        [
            new("Keras", "keras.losses.SquaredHinge()(2 * labels - 1, logits)"),
            new("PyTorch", "((1 - (2 * labels - 1) * logits).clamp(min=0) ** 2).mean()"),
        ],
        Example = """
            {
              "logits": [2.5, 0.5, -1.5, 0.25],
              "labels": [1, 1, 1, 0],
              "margin": 1,
              "outputs": ["loss", "losses", "gradient", "predictions"]
            }
            """,
    };

    public override Formula CreateFormula(OptionValues options) => new(options.Get(SharedOptions.Margin));

    internal readonly struct Formula(double margin) : IElementFormula
    {
        private readonly Dd _margin = new(margin);

        public static bool IsOnLogits => true;

        public ElementResult At(in EightElements e)
        {
            var sign = e.T + e.T - Dd.One;
            var lack = Dd.Max(_margin - sign * e.Z, Dd.Zero);
            return new(Dd.Square(lack), Dd.Zero, Dd.Zero, Dd.Zero, -(sign * (lack + lack)));
        }
    }
}
