using System.Runtime.CompilerServices;
using LossService.Core.Engine;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Categorical;

/// <summary>L = ½ Σ_c |p_c − t_c|.</summary>
internal sealed class TotalVariation : CategoricalLoss
{
    public override string Name => "total_variation";

    public override IReadOnlyList<Option> Options { get; } = WithShared();

    public override LossPage Page { get; } = new()
    {
        Title = "Total variation",
        Summary = "Total variation distance: half the sum of absolute differences between predicted probabilities and label; from 0 to 1.",
        Formula = @"\ell = \tfrac{1}{2} \sum_c \lvert p_c - t_c \rvert",
        WhenToUse = """
            Use it to compare distributions: it is the largest difference in the probability of any event. For a class index it is 1 −
            p of the label, proportional to the mean absolute error, which is robust to symmetric label noise but slow to train with;
            generalized_cross_entropy is a compromise.

            Range: 0 to 1. Gradient with respect to probabilities: g_c = ½ sign(p_c − t_c), taken as 0 where p_c = t_c, where it
            jumps; with respect to logits: p_c(g_c − Σ_k p_k g_k)/T. It has no hessian, since the absolute value bends at its kink
            alone.

            Symbols: p predicted probabilities, softmax(z/T) of logits z; t the label after label_smoothing; T temperature.
            class_weight multiplies ℓ.
            """,
        References =
        [
            new("D. A. Levin, Y. Peres and E. L. Wilmer, Markov Chains and Mixing Times, 2nd ed., 2017, chapter 4",
                "https://pages.uoregon.edu/dlevin/MARKOV/"),
            new("A. Ghosh, H. Kumar and P. S. Sastry, Robust Loss Functions under Label Noise for Deep Neural Networks, 2017",
                "https://arxiv.org/abs/1712.09482"),
        ],
        Equivalents =
        [
            new("PyTorch", "0.5 * (probabilities - labels).abs().sum(-1).mean()"),
        ],
        Example = """
            {
              "probabilities": [[0.5, 0.25, 0.25], [0.125, 0.75, 0.125]],
              "labels": [[0.75, 0.25, 0.0], [0.0, 0.5, 0.5]],
              "outputs": ["loss", "losses", "gradient"]
            }
            """,
    };

    public override CategoricalFormula CreateFormula(OptionValues options, int classes) => new Formula();

    private sealed class Formula() : SumOverClasses<Term>(default)
    {
        public override TrueClassFormula OfTrueClass { get; } = new TrueClassFormula<OfTrue>(default);
    }

    private readonly struct OfTrue : ITrueClassTerm
    {
        public (TNumber Value, TNumber Slope) At<TNumber>(TNumber logP, TNumber p, TNumber q)
            where TNumber : struct, IArithmetic<TNumber> => (q, p);
    }

    private readonly struct Term : IClassTerm
    {
        public static bool IsLight => true;

        public static bool IsStep => true;

        /// <summary>Below this part of p + t, the sign of p − t is known in double-double only.</summary>
        private const double LeastPart = 1.0 / (1L << 50);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ClassResult<TNumber> At<TNumber>(in ClassVector<TNumber> c) where TNumber : struct, IArithmetic<TNumber>
        {
            var (error, size, half) = (c.Error, c.ErrorSize, TNumber.Of(0.5));
            // in plain double, the sign of an error that is 0 is not known, and the row is scored again
            var sign = TNumber.HasRest
                ? TNumber.Select(TNumber.LessThan(error, TNumber.Zero), -half, TNumber.Select(error.IsZero, TNumber.Zero, half))
                : (error & TNumber.Of(-0.0)) | half;
            var isUnknown = TNumber.LessThan(TNumber.Abs(error), size * TNumber.Of(LeastPart));
            var signSize = TNumber.Select(isUnknown, TNumber.Of(double.PositiveInfinity), half);
            return new() { Value = TNumber.Abs(error) * half, PDerivative = sign, Size = size * half, PSize = signSize };
        }
    }
}
