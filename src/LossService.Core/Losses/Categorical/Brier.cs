using System.Runtime.CompilerServices;
using LossService.Core.Engine;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Categorical;

/// <summary>L = Σ_c (p_c − t_c)².</summary>
internal sealed class Brier : CategoricalLoss
{
    public override string Name => "brier";

    public override bool HasSecondDerivative => true;

    public override IReadOnlyList<Option> Options { get; } = WithShared();

    public override LossPage Page { get; } = new()
    {
        Title = "Brier score",
        Summary = "Brier score: squared distance between predicted probabilities and label, summed over the classes; from 0 to 2.",
        Formula = @"\ell = \sum_c (p_c - t_c)^2",
        WhenToUse = """
            Use it to evaluate predicted probabilities: it is a proper scoring rule, rewards both calibration and sharpness, and is
            bounded. Prefer cross_entropy for training on logits, because softmax saturates and a confident mistake then has almost no
            gradient. With K = 2 it is Brier's original score of a yes-or-no forecast, which is twice binary_brier.

            Range: 0 to 2. Gradient with respect to probabilities: g_c = 2(p_c − t_c); with respect to logits: p_c(g_c − Σ_k p_k
            g_k)/T. Hessian for probabilities: 2; for logits: p_c((1 − 2p_c)(g_c − Σ_k p_k g_k + 2p_c) + 2p_c Σ_k p_k²)/T².

            Symbols: p predicted probabilities, softmax(z/T) of logits z; t the label after label_smoothing; T temperature.
            class_weight multiplies ℓ.
            """,
        References =
        [
            new("G. W. Brier, Verification of Forecasts Expressed in Terms of Probability, Monthly Weather Review, 1950",
                "https://journals.ametsoc.org/view/journals/mwre/78/1/1520-0493_1950_078_0001_vofeit_2_0_co_2.xml"),
            new("T. Gneiting and A. E. Raftery, Strictly Proper Scoring Rules, Prediction, and Estimation, JASA, 2007",
                "https://doi.org/10.1198/016214506000001437"),
        ],
        Equivalents =
        [
            new("PyTorch", "((logits.softmax(-1) - torch.nn.functional.one_hot(labels, logits.shape[-1])) ** 2).sum(-1).mean()"),
        ],
        Example = """
            {
              "probabilities": [[0.75, 0.125, 0.125], [0.25, 0.5, 0.25], [0.0, 0.0, 1.0]],
              "labels": [0, 0, 1],
              "outputs": ["loss", "losses", "gradient", "metrics"]
            }
            """,
    };

    public override CategoricalFormula CreateFormula(OptionValues options, int classes) => new Formula();

    private sealed class Formula() : SumOverClasses<Term>(default)
    {
        public override bool IsSquaredError => true;
    }

    private readonly struct Term : IClassTerm
    {
        public static bool IsLight => true;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ClassResult<TNumber> At<TNumber>(in ClassVector<TNumber> c) where TNumber : struct, IArithmetic<TNumber>
        {
            var error = c.Error;
            var result = new ClassResult<TNumber> { Value = TNumber.Square(error), PDerivative = error + error };
            if (TNumber.HasAllDigits) return result;
            var size = c.ErrorSize;
            result.PSize = size + size;
            // an error that is 0 by rounding may not be 0
            result.Size = (TNumber.Abs(error) + size * TNumber.Of(1.0 / (1L << 50))) * result.PSize;
            return result;
        }

        public (Dd Scaled, Dd OfP) Curve(in ClassVector<Dd> c) => (Dd.Zero, new Dd(2.0));
    }
}
