using System.Runtime.Intrinsics;
using LossService.Core.Engine;
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
        Summary = "The share of probability that would have to move to turn the prediction into the truth: from 0 to 1.",
        Formula = @"\ell = \tfrac{1}{2} \sum_c \lvert p_c - t_c \rvert",
        WhenToUse = """
            The plainest distance between distributions: the largest difference in the probability of any event. For a hard
            label it is 1 − p of the label, mean absolute error, which is unmoved by symmetric label noise and slow to train
            with. Where p = t exactly the gradient is taken as 0; it jumps there.
            """,
        References =
        [
            new("D. A. Levin, Y. Peres and E. L. Wilmer, Markov Chains and Mixing Times, 2nd ed., 2017, chapter 4", "https://pages.uoregon.edu/dlevin/MARKOV/"),
            new("A. Ghosh, H. Kumar and P. S. Sastry, Robust Loss Functions under Label Noise for Deep Neural Networks, 2017", "https://arxiv.org/abs/1712.09482"),
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

    public override CategoricalFormula CreateFormula(OptionValues options, int classes) => new SumOverClasses<Term>(default);

    private readonly struct Term : IClassTerm
    {
        public ClassResult At(in EightClasses c)
        {
            var (error, half) = (c.Error, new Dd(0.5));
            var sign = Dd.Select(Dd.LessThan(error, Dd.Zero), -half, Dd.Select(error.IsZero, Dd.Zero, half));
            return new(Dd.Abs(error) * Vector512.Create(0.5), Dd.Zero, sign);
        }
    }
}
