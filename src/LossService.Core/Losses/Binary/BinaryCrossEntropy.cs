using System.Runtime.CompilerServices;
using LossService.Core.Engine;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Binary;

/// <summary>L = −[pos_weight·t·log p + (1 − t)·log(1 − p)].</summary>
internal sealed class BinaryCrossEntropy : BinaryLoss<BinaryCrossEntropy.Formula>
{
    public override string Name => "binary_cross_entropy";

    public override bool IsInformation => true;

    public override bool HasSecondDerivative => true;

    public override IReadOnlyList<Option> Options { get; } = WithShared(SharedOptions.PosWeight);

    public override LossPage Page { get; } = new()
    {
        Title = "Binary cross-entropy",
        Summary = "Binary cross-entropy: −log of the probability assigned to the label, for each element by itself, in nats or bits.",
        Formula = @"\ell = -\left[\pi\, t \log p + (1 - t) \log (1 - p)\right], \qquad p = \sigma(z/T)",
        WhenToUse = """
            Use it for one yes-or-no question, or for several independent ones per row (multi-label). Use cross_entropy instead when
            exactly one of the classes is true. A confident mistake keeps its gradient: at z = −20, t = 1 it is −1, whereas
            binary_brier has −4.1e-9 there. Wrong labels can dominate the sum, since the loss has no upper bound.

            Range: 0 to ∞. It is 0 when the label has probability 1; for a soft label the minimum is the label's entropy. Gradient
            with respect to logits: ((1 − t) p − π t (1 − p))/T, which is (p − t)/T at π = 1. Hessian: (1 − t + π t) p (1 − p)/T²
            for logits, and π t/p² + (1 − t)/(1 − p)² for probabilities.

            Symbols: z logits; p the predicted probability; t the label after label_smoothing; π pos_weight; T temperature.
            """,
        References =
        [
            new("D. R. Cox, The Regression Analysis of Binary Sequences, J. Royal Statistical Society B, 1958",
                "https://www.jstor.org/stable/2983890"),
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

    internal readonly struct Formula : IElementFormula
    {
        public static bool IsPlain => true;

        public static LogisticLabels KernelLabels => LogisticLabels.Any;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TNumber AtLogit<TNumber>(in LogisticElement<TNumber> e, out TNumber derivative)
            where TNumber : struct, IPlainNumbers<TNumber>
        {
            derivative = e.Error;
            return e.CrossEntropy;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ElementResult<TNumber> At<TWide, TNumber>(in ElementVector<TWide, TNumber> e)
            where TWide : struct, IArithmetic<TWide>
            where TNumber : struct, IArithmetic<TNumber>
        {
            var (t, u) = (ElementVector<TWide, TNumber>.Narrow(e.T) * e.PosWeight, ElementVector<TWide, TNumber>.Narrow(e.U));
            var value = TNumber.XLogY(t, e.LogP) + TNumber.XLogY(u, e.LogQ);
            return new() { Value = -value, LogPDerivative = -t, LogQDerivative = -u };
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public Dd Curve(in ElementVector<Dd, Dd> e, bool isSigmoid)
        {
            var t = e.T * e.PosWeight;
            return isSigmoid ? t + e.U : Quotients.OverSquare(t, e.P) + Quotients.OverSquare(e.U, e.Q);
        }
    }
}
