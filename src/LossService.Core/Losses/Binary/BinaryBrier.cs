using System.Runtime.CompilerServices;
using LossService.Core.Engine;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Binary;

/// <summary>L = (p − t)²; with sigmoid its gradient 2(p − t)·p(1 − p) vanishes as p tends to 0 or 1, right or wrong.</summary>
internal sealed class BinaryBrier : BinaryLoss<BinaryBrier.Formula>
{
    public override string Name => "binary_brier";

    public override bool HasSecondDerivative => true;

    public override IReadOnlyList<Option> Options { get; } = WithShared();

    public override LossPage Page { get; } = new()
    {
        Title = "Binary Brier score",
        Summary = "Binary Brier score: squared error of the predicted probability, for each element by itself; from 0 to 1.",
        Formula = @"\ell = (p - t)^2, \qquad p = \sigma(z/T)",
        WhenToUse = """
            Use it to evaluate the probabilities of yes-or-no forecasts: it is a proper scoring rule and bounded. Prefer
            binary_cross_entropy for training, because the sigmoid saturates: at z = −20, t = 1 (the third element of the example) the
            loss is 1, its maximum, but the gradient is 2(p − t) p (1 − p) = −4.1e-9, too small to correct the mistake. There,
            binary_cross_entropy has −1.

            Range: 0 to 1. Gradient with respect to probabilities: 2(p − t); with respect to logits: 2(p − t) p (1 − p)/T. Hessian
            for probabilities: 2; for logits: 2p (1 − p)(p (1 − p) + (p − t)(1 − 2p))/T², which is below 0 for a confident mistake.

            Symbols: z logits; p the predicted probability; t the label after label_smoothing; T temperature.
            """,
        References =
        [
            new("G. W. Brier, Verification of Forecasts Expressed in Terms of Probability, Monthly Weather Review, 1950",
                "https://journals.ametsoc.org/view/journals/mwre/78/1/1520-0493_1950_078_0001_vofeit_2_0_co_2.xml"),
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
        public static bool NeedsLogs => false;

        public static bool IsPlainWhereHard => true;

        public static LogisticLabels KernelLabels => LogisticLabels.Hard;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TNumber AtHardLabel<TNumber>(in HardElement<TNumber> e, out TNumber derivative)
            where TNumber : struct, IPlainNumbers<TNumber> => e.Square(out derivative);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ElementResult<TNumber> At<TWide, TNumber>(in ElementVector<TWide, TNumber> e)
            where TWide : struct, IArithmetic<TWide>
            where TNumber : struct, IArithmetic<TNumber>
        {
            var error = e.Error;
            var half = ElementVector<TWide, TNumber>.Narrow(error);
            return new()
            {
                Value = ElementVector<TWide, TNumber>.Narrow(TWide.Square(error)),
                PDerivative = half + half,
                Lost = TWide.GetBits(TWide.IsLost(error, e.ErrorSize)),
            };
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public Dd Curve(in ElementVector<Dd, Dd> e, bool isSigmoid)
        {
            var half = isSigmoid ? e.P * e.Q + e.Error * (e.Q - e.P) : Dd.One;
            return half + half;
        }
    }
}
