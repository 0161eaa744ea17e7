using System.Runtime.CompilerServices;
using LossService.Core.Engine;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Binary;

/// <summary>L = max(0, margin − s·z) with s = 2t − 1: ±1.</summary>
internal sealed class Hinge : BinaryLoss<Hinge.Formula>
{
    public override string Name => "hinge";

    public override LabelRule Labels => LabelRule.Bit;

    public override IReadOnlyList<PredictionForm> Accepts { get; } = [PredictionForm.Logits];

    public override IReadOnlyList<Option> Options { get; } =
    [
        SharedOptions.Margin, SharedOptions.ClassWeight, SharedOptions.IgnoreIndex, SharedOptions.Bins, SharedOptions.Calibration,
        SharedOptions.PerClass, SharedOptions.ClassWiseCalibration, SharedOptions.EqualMassCalibration,
    ];

    public override LossPage Page { get; } = new()
    {
        Title = "Hinge",
        Summary = "Hinge loss: max(0, m − s·z), linear inside the margin and 0 beyond it.",
        Formula = @"\ell = \max(0,\; m - s z), \qquad s = 2t - 1",
        WhenToUse = """
            Use it for support vector machines, linear or on top of a network, when only the decision matters and not its probability;
            elements beyond the margin have no influence. With margin = 0 it is the perceptron loss. Use binary_cross_entropy where
            probabilities are needed.

            Range: 0 to ∞, in units of logits. Gradient with respect to logits: −s where s z is below m, whatever the distance; 0
            elsewhere and at the kink. It has no hessian: it is linear on both sides of the kink.

            Symbols: z logits; t the label, 0 or 1; m margin.
            """,
        References =
        [
            new("C. Cortes and V. Vapnik, Support-Vector Networks, Machine Learning, 1995", "https://doi.org/10.1007/BF00994018"),
            new("F. Rosenblatt, The Perceptron: A Probabilistic Model, Psychological Review, 1958 (margin 0)",
                "https://doi.org/10.1037/h0042519"),
        ],
        Equivalents =
        [
            new("scikit-learn", "sklearn.metrics.hinge_loss(labels, logits)"),
            new("Keras", "keras.losses.Hinge()(2 * labels - 1, logits)"),
            new("Optax", "optax.hinge_loss(logits, 2 * labels - 1).mean()"),
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
        public static bool IsOnLogits => true;

        public static bool IsPlain => true;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ElementResult<TNumber> At<TWide, TNumber>(in ElementVector<TWide, TNumber> e)
            where TWide : struct, IArithmetic<TWide>
            where TNumber : struct, IArithmetic<TNumber>
        {
            var sign = ElementVector<TWide, TNumber>.Narrow(e.T - e.U);
            var lack = TNumber.Max(TNumber.Of(margin) - sign * e.Z, TNumber.Zero);
            return new() { Value = lack, ZDerivative = TNumber.Select(lack.IsZero, TNumber.Zero, -sign) };
        }
    }
}
