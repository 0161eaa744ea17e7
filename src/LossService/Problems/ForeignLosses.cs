using System.Collections.Frozen;

namespace LossService.Problems;

/// <summary>Names that other libraries have for losses, and what they are called here.</summary>
internal static class ForeignLosses
{
    private static readonly FrozenDictionary<string, string> Known = new Dictionary<string, string>
    {
        ["bce"] = "binary_cross_entropy",
        ["bceloss"] = "binary_cross_entropy",
        ["bce_with_logits"] = "binary_cross_entropy",
        ["bcewithlogitsloss"] = "binary_cross_entropy",
        ["binary_crossentropy"] = "binary_cross_entropy",
        ["sigmoid_cross_entropy"] = "binary_cross_entropy",
        ["ce"] = "cross_entropy",
        ["crossentropy"] = "cross_entropy",
        ["crossentropyloss"] = "cross_entropy",
        ["categorical_crossentropy"] = "cross_entropy",
        ["sparse_categorical_crossentropy"] = "cross_entropy",
        ["softmax_cross_entropy"] = "cross_entropy",
        ["log_loss"] = "cross_entropy",
        ["logloss"] = "cross_entropy",
        ["nll"] = "cross_entropy",
        ["nll_loss"] = "cross_entropy",
        ["nllloss"] = "cross_entropy",
        ["mse"] = "brier",
        ["mse_loss"] = "brier",
        ["mean_squared_error"] = "brier",
        ["mae"] = "total_variation",
        ["dice_loss"] = "dice",
        ["diceloss"] = "dice",
        ["soft_dice"] = "dice",
        ["jaccard_loss"] = "jaccard",
        ["jaccardloss"] = "jaccard",
        ["soft_jaccard"] = "jaccard",
        ["iou"] = "jaccard",
        ["iou_loss"] = "jaccard",
        ["tversky_loss"] = "tversky",
        ["tverskyloss"] = "tversky",
        ["focal_tversky"] = "tversky",
        ["focal_tversky_loss"] = "tversky",
        ["rps"] = "ranked_probability_score",
        ["crps"] = "ranked_probability_score",
        ["ordinal"] = "ranked_probability_score",
        ["sce"] = "symmetric_cross_entropy",
        ["sce_loss"] = "symmetric_cross_entropy",
        ["sceloss"] = "symmetric_cross_entropy",
        ["symmetric_crossentropy"] = "symmetric_cross_entropy",
        ["multilabelmarginloss"] = "multilabel_margin",
        ["multilabel_margin_loss"] = "multilabel_margin",
        ["multi_label_margin"] = "multilabel_margin",
        ["multilabelsoftmarginloss"] = "binary_cross_entropy",
        ["multilabel_soft_margin_loss"] = "binary_cross_entropy",
        ["listmle"] = "list_mle",
        ["listwise"] = "list_mle",
        ["plackett_luce"] = "list_mle",
        ["listnet"] = "cross_entropy",
        ["kl"] = "kl_divergence",
        ["kl_div"] = "kl_divergence",
        ["kldivloss"] = "kl_divergence",
        ["kld"] = "kl_divergence",
        ["jsd"] = "js_divergence",
        ["focal_loss"] = "focal",
        ["sigmoid_focal_loss"] = "binary_focal",
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, string> Notes = new Dictionary<string, string>
    {
        ["log_loss"] = " with probabilities; for two classes, binary_cross_entropy",
        ["nll"] = " with log_probabilities",
        ["nll_loss"] = " with log_probabilities",
        ["nllloss"] = " with log_probabilities",
        ["listnet"] = " with the softmax of the relevances as labels",
        ["mse"] = ", the squared error of probabilities; for one number a sample, binary_brier",
        ["crps"] = " of classes in an order",
        ["iou"] = " of labels and probabilities, not of boxes",
        ["iou_loss"] = " of labels and probabilities, not of boxes",
        ["focal_tversky"] = " with gamma",
        ["focal_tversky_loss"] = " with gamma",
    }.ToFrozenDictionary();

    /// <summary><c> (did you mean "cross_entropy" with log_probabilities?)</c>, or nothing where the name is no other library's.</summary>
    public static string Suggest(string name)
    {
        var folded = name.ToLowerInvariant().Replace('-', '_');
        return Known.TryGetValue(folded, out var loss) ? $" (did you mean \"{loss}\"{Notes.GetValueOrDefault(folded)}?)" : "";
    }
}
