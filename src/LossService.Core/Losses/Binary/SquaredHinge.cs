using System.Runtime.CompilerServices;
using LossService.Core.Engine;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Binary;

/// <summary>L = max(0, margin − s·z)² with s = 2t − 1: ±1.</summary>
internal sealed class SquaredHinge : BinaryLoss<SquaredHinge.Formula>
{
    public override string Name => "squared_hinge";

    public override bool HasSecondDerivative => true;

    public override LabelRule Labels => LabelRule.Bit;

    public override IReadOnlyList<PredictionForm> Accepts { get; } = [PredictionForm.Logits];

    public override IReadOnlyList<Option> Options { get; } =
    [
        SharedOptions.Margin, SharedOptions.ClassWeight, SharedOptions.IgnoreIndex, SharedOptions.Bins, SharedOptions.Calibration,
        SharedOptions.PerClass, SharedOptions.ClassWiseCalibration, SharedOptions.EqualMassCalibration,
    ];

    public override LossPage Page { get; } = new()
    {
        Title = "Squared hinge",
        Summary = "Squared hinge loss: max(0, m − s·z)², quadratic inside the margin, 0 beyond it, and differentiable everywhere.",
        Formula = @"\ell = \max(0,\; m - s z)^2, \qquad s = 2t - 1",
        WhenToUse = """
            Use it for L2 support vector machines, and with optimisers that need a continuous gradient. The gradient grows with the
            distance from the margin, so outliers have a large influence; hinge bounds it. Use binary_cross_entropy where
            probabilities are needed.

            Range: 0 to ∞, in units of squared logits. Gradient with respect to logits: −2 s max(0, m − s z). Hessian: 2 where s z
            is below m; 0 elsewhere and at the kink.

            Symbols: z logits; t the label, 0 or 1; m margin.
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
        public static bool IsOnLogits => true;

        public static bool IsPlain => true;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ElementResult<TNumber> At<TWide, TNumber>(in ElementVector<TWide, TNumber> e)
            where TWide : struct, IArithmetic<TWide>
            where TNumber : struct, IArithmetic<TNumber>
        {
            var sign = ElementVector<TWide, TNumber>.Narrow(e.T - e.U);
            var lack = TNumber.Max(TNumber.Of(margin) - sign * e.Z, TNumber.Zero);
            return new() { Value = TNumber.Square(lack), ZDerivative = -(sign * (lack + lack)) };
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public Dd Curve(in ElementVector<Dd, Dd> e, bool isSigmoid) =>
            Dd.Select(Dd.LessThan((e.T - e.U) * e.Z, new Dd(margin)), new Dd(2.0), Dd.Zero);
    }
}
