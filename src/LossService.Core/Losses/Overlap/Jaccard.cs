using LossService.Core.Engine;
using LossService.Core.Options;

namespace LossService.Core.Losses.Overlap;

/// <summary>ℓ = 1 − (TP + s)/(TP + FP + FN + s).</summary>
internal sealed class Jaccard : OverlapLoss
{
    public override string Name => "jaccard";

    public override IReadOnlyList<Option> Options { get; } = WithShared();

    public override LossPage Page { get; } = new()
    {
        Title = "Jaccard loss",
        Summary = "Jaccard loss: 1 minus the soft intersection over union of each class, over all elements of the batch or of each item.",
        Formula = @"\ell_c = 1 - \frac{\mathrm{TP} + s}{\mathrm{TP} + \mathrm{FP} + \mathrm{FN} + s}, \qquad "
            + @"\mathrm{TP} = \sum w\,p\,t, \quad \mathrm{FP} = \sum w\,p\,(1 - t), \quad \mathrm{FN} = \sum w\,(1 - p)\,t",
        WhenToUse = """
            Use it for segmentation that is judged by the mean intersection over union: for predictions of 0 and 1 it is 1 − IoU. Without
            smoothing it is 2·D/(1 + D) of the dice loss D, so that both agree on which of two predictions of a class is the better. Do
            not use it for calibrated probabilities: it is no proper scoring rule; use cross_entropy. torchmetrics' JaccardIndex counts
            predicted classes and has no gradient; this loss sums probabilities. smooth is added above and below, as in MONAI and
            segmentation-models.

            Range: 0 to 1; 0 where predictions and labels agree, also on a class that is nowhere. Losses, and so the mean, are of classes
            and items, not of elements. Gradient with respect to p: with D = TP + FP + FN + s it is w·(TP + s)/D² where t = 0, and
            −w/D where t = 1.

            Symbols: p probabilities, the softmax or sigmoid (link) of the logits over T (temperature); t labels; w sample_weight, which
            is of elements; s smooth; the sums run over what per says. class_weight multiplies the losses of classes. To merge shards,
            ask for sums: TP, FP and FN of each class add up, and ℓ follows from them; a mean of the shards' losses is another number.
            There is no Hessian: the elements of a class depend on each other, so that its diagonal says little.
            """,
        References =
        [
            new("P. Jaccard, The Distribution of the Flora in the Alpine Zone, New Phytologist, 1912",
                "https://www.jstor.org/stable/2427226"),
            new("M. A. Rahman and Y. Wang, Optimizing Intersection-Over-Union in Deep Neural Networks for Image Segmentation, 2016",
                "https://doi.org/10.1007/978-3-319-50835-1_22"),
        ],
        Equivalents =
        [
            new("MONAI",
                "DiceLoss(jaccard=True, softmax=True, to_onehot_y=True, batch=True, smooth_nr=s, smooth_dr=s)(logits, labels)"),
            new("segmentation-models-pytorch", "JaccardLoss('multiclass', smooth=s)(logits, labels), where every class has labels"),
        ],
        Example = """
            {
              "probabilities": [[0.9, 0.2, 0.6], [0.4, 0.1, 0.7]],
              "labels": [[1, 0, 1], [1, 0, 0]],
              "outputs": ["loss", "losses", "gradient", "sums"]
            }
            """,
    };

    public override OverlapFormula CreateFormula(OptionValues options) => new(1, 1, options.Get(SharedOptions.Smooth));
}
