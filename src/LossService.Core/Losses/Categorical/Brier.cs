using LossService.Core.Engine;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Categorical;

/// <summary>L = Σ_c (p_c − t_c)².</summary>
internal sealed class Brier : CategoricalLoss
{
    public override string Name => "brier";

    public override IReadOnlyList<Option> Options { get; } = WithShared();

    public override LossPage Page { get; } = new()
    {
        Title = "Brier score",
        Summary = "The squared distance of the predicted distribution from the truth: from 0 to 2, and proper, so honesty is the best policy.",
        Formula = @"\ell = \sum_c (p_c - t_c)^2",
        WhenToUse = """
            To judge probabilities: it rewards both calibration and sharpness, never becomes infinite, and reads the same for
            forecasts and classifiers. To train with, know that through a softmax it saturates: a confident mistake has next
            to no gradient. Brier's own score over both classes of a yes-or-no forecast is this one with K = 2; binary_brier
            is half of it.
            """,
        References =
        [
            new("G. W. Brier, Verification of Forecasts Expressed in Terms of Probability, Monthly Weather Review, 1950", "https://journals.ametsoc.org/view/journals/mwre/78/1/1520-0493_1950_078_0001_vofeit_2_0_co_2.xml"),
            new("T. Gneiting and A. E. Raftery, Strictly Proper Scoring Rules, Prediction, and Estimation, JASA, 2007", "https://doi.org/10.1198/016214506000001437"),
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

    public override CategoricalFormula CreateFormula(OptionValues options, int classes) => new SumOverClasses<Term>(default);

    private readonly struct Term : IClassTerm
    {
        public ClassResult At(in EightClasses c)
        {
            var error = c.Error;
            return new(Dd.Square(error), Dd.Zero, error + error);
        }
    }
}
