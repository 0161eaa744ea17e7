using LossService.Core.Engine;
using LossService.Core.Options;

namespace LossService.Core.Losses.Overlap;

/// <summary>ℓ = (1 − (TP + s)/(TP + α·FP + β·FN + s))^γ.</summary>
internal sealed class Tversky : OverlapLoss
{
    public static readonly Option<double> Alpha = new("alpha", OptionForm.Number, 0.5,
        "α: weight of false positives, Σ p·(1 − t).")
    { Minimum = 0, Maximum = SharedOptions.Largest };

    public static readonly Option<double> Beta = new("beta", OptionForm.Number, 0.5,
        "β: weight of false negatives, Σ (1 − p)·t. Above α it favours recall.")
    { Minimum = 0, Maximum = SharedOptions.Largest };

    public static readonly Option<double> Gamma = new("gamma", OptionForm.Number, 1,
        "γ: focusing exponent of the loss of a class. Above 1 it lessens classes that overlap well, below 1 it raises them. Abraham and "
        + "Khan write 1/γ.")
    { Minimum = 0.01, Maximum = 100 };

    public override string Name => "tversky";

    public override IReadOnlyList<Option> Options { get; } = WithShared(Alpha, Beta, Gamma);

    public override LossPage Page { get; } = new()
    {
        Title = "Tversky loss",
        Summary = "Tversky loss: 1 minus the soft Tversky index of each class, in which misses and false alarms have weights of their own.",
        Formula = @"\ell_c = \left(1 - \frac{\mathrm{TP} + s}{\mathrm{TP} + \alpha\,\mathrm{FP} + \beta\,\mathrm{FN} + s}\right)^{\gamma}, "
            + @"\qquad \mathrm{TP} = \sum w\,p\,t, \quad \mathrm{FP} = \sum w\,p\,(1 - t), \quad \mathrm{FN} = \sum w\,(1 - p)\,t",
        WhenToUse = """
            Use it for segmentation where a miss costs more than a false alarm, or less: β above α favours recall, as for lesions that
            must not be overlooked. α = β = 0.5 is dice with twice the smoothing, α = β = 1 is jaccard. γ makes it the focal Tversky loss:
            above 1, classes that overlap well have less gradient. Do not use it for calibrated probabilities: it is no proper scoring
            rule. As in MONAI, Keras and segmentation-models, α is the weight of false positives and β that of false negatives; Abraham and
            Khan exchange the two, and raise to 1/γ.

            Range: 0 to 1; 0 where predictions and labels agree, and there the gradient is 0 unless γ = 1. Losses, and so the mean, are of
            classes and items, not of elements. Gradient with respect to p at γ = 1: with N = α·FP + β·FN and D = TP + N + s it is
            w·α·(TP + s)/D² where t = 0, and −w·(β·(TP + s) + N)/D² where t = 1.

            Symbols: p probabilities, the softmax or sigmoid (link) of the logits over T (temperature); t labels; w sample_weight, which
            is of elements; α alpha; β beta; γ gamma; s smooth; the sums run over what per says. class_weight multiplies the losses of
            classes. To merge shards, ask for sums: TP, FP and FN of each class add up, and ℓ follows from them; a mean of the shards'
            losses is another number. There is no Hessian: the elements of a class depend on each other, so that its diagonal says
            little.
            """,
        References =
        [
            new("A. Tversky, Features of Similarity, Psychological Review, 1977", "https://doi.org/10.1037/0033-295X.84.4.327"),
            new("S. S. M. Salehi et al., Tversky Loss Function for Image Segmentation, 2017", "https://arxiv.org/abs/1706.05721"),
            new("N. Abraham and N. M. Khan, A Novel Focal Tversky Loss Function, 2018", "https://arxiv.org/abs/1810.07842"),
        ],
        Equivalents =
        [
            new("MONAI",
                "TverskyLoss(softmax=True, to_onehot_y=True, batch=True, alpha=α, beta=β, smooth_nr=s, smooth_dr=s)(logits, labels)"),
            new("segmentation-models-pytorch",
                "TverskyLoss('multiclass', alpha=α, beta=β, smooth=s)(logits, labels), where every class has labels"),
            new("Keras", "keras.losses.Tversky(alpha=α, beta=β)(labels, probabilities), for one class"),
        ],
        Example = """
            {
              "logits": [[2.0, 0.5, -1.0], [1.0, -1.0, 0.3], [-0.5, 1.5, 1.0]],
              "labels": [0, 1, 1],
              "alpha": 0.3,
              "beta": 0.7,
              "gamma": 2,
              "outputs": ["loss", "losses", "gradient", "sums"]
            }
            """,
    };

    public override OverlapFormula CreateFormula(OptionValues options) =>
        new(options.Get(Alpha), options.Get(Beta), options.Get(SharedOptions.Smooth), options.Get(Gamma));
}
