using LossService.Core.Engine;
using LossService.Core.Options;

namespace LossService.Core.Losses.Overlap;

/// <summary>ℓ = 1 − (2·TP + s)/(2·TP + FP + FN + s).</summary>
internal sealed class Dice : OverlapLoss
{
    public override string Name => "dice";

    public override IReadOnlyList<Option> Options { get; } = WithShared();

    public override LossPage Page { get; } = new()
    {
        Title = "Dice loss",
        Summary = "Dice loss: 1 minus the soft Dice coefficient (F1) of each class, over all elements of the batch or of each item.",
        Formula = @"\ell_c = 1 - \frac{2\,\mathrm{TP} + s}{2\,\mathrm{TP} + \mathrm{FP} + \mathrm{FN} + s}, \qquad "
            + @"\mathrm{TP} = \sum w\,p\,t, \quad \mathrm{FP} = \sum w\,p\,(1 - t), \quad \mathrm{FN} = \sum w\,(1 - p)\,t",
        WhenToUse = """
            Use it for segmentation, where the regions that matter are a small part of the elements: elements that are rightly left out
            do not count, so that a class of a hundred pixels weighs as much as the background. It is usually added to cross_entropy,
            whose gradient is smoother. Use tversky where misses and false alarms differ in cost, and jaccard where the intersection over
            union is reported. Do not use it for calibrated probabilities: it is no proper scoring rule. per: batch is MONAI's batch=True
            and the way of segmentation-models; per: item is MONAI's default. smooth: 1e-5 is MONAI's default. class_weight: [0, 1, 1] is
            include_background=False. segmentation-models count 0 for a class without labels; here its false positives count.

            Range: 0 to 1; 0 where predictions and labels agree, also on a class that is nowhere. Losses, and so the mean, are of classes
            and items, not of elements. Gradient with respect to p: with D = 2·TP + FP + FN + s it is w·(2·TP + s)/D² where t = 0, and
            −w·(2·TP + s + 2·(FP + FN))/D² where t = 1.

            Symbols: p probabilities, the softmax or sigmoid (link) of the logits over T (temperature); t labels; w sample_weight, which
            is of elements; s smooth; the sums run over what per says. class_weight multiplies the losses of classes. To merge shards,
            ask for sums: TP, FP and FN of each class add up, and ℓ follows from them; a mean of the shards' losses is another number.
            There is no Hessian: the elements of a class depend on each other, so that its diagonal says little.
            """,
        References =
        [
            new("L. R. Dice, Measures of the Amount of Ecologic Association Between Species, Ecology, 1945",
                "https://www.jstor.org/stable/1932409"),
            new("F. Milletari et al., V-Net, 2016", "https://arxiv.org/abs/1606.04797"),
            new("C. H. Sudre et al., Generalised Dice Overlap as a Deep Learning Loss Function, 2017", "https://arxiv.org/abs/1707.03237"),
        ],
        Equivalents =
        [
            new("MONAI", "DiceLoss(softmax=True, to_onehot_y=True, batch=True, smooth_nr=s, smooth_dr=s)(logits, labels)"),
            new("segmentation-models-pytorch", "DiceLoss('multiclass', smooth=s)(logits, labels), where every class has labels"),
            new("Keras", "keras.losses.Dice()(labels, probabilities), for one class"),
        ],
        Example = """
            {
              "logits": [[2.0, 0.5], [1.0, -1.0], [-1.0, 1.5], [0.5, 2.0]],
              "labels": [0, 0, 1, 1],
              "outputs": ["loss", "losses", "gradient", "sums"]
            }
            """,
    };

    public override OverlapFormula CreateFormula(OptionValues options) => new(0.5, 0.5, options.Get(SharedOptions.Smooth) / 2);
}
