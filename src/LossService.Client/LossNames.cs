namespace LossService.Client;

// generated from the catalogue of the losses

/// <summary>The names of the losses. A service may have others: every name is a string.</summary>
public static class LossNames
{
    /// <summary>Asymmetric loss, of the kind binary.</summary>
    public const string Asymmetric = "asymmetric";

    /// <summary>Binary Brier score, of the kind binary.</summary>
    public const string BinaryBrier = "binary_brier";

    /// <summary>Binary cross-entropy, of the kind binary.</summary>
    public const string BinaryCrossEntropy = "binary_cross_entropy";

    /// <summary>Binary focal loss, of the kind binary.</summary>
    public const string BinaryFocal = "binary_focal";

    /// <summary>Brier score, of the kind categorical.</summary>
    public const string Brier = "brier";

    /// <summary>Cross-entropy, of the kind categorical.</summary>
    public const string CrossEntropy = "cross_entropy";

    /// <summary>Dice loss, of the kind overlap.</summary>
    public const string Dice = "dice";

    /// <summary>Entropy, of the kind categorical.</summary>
    public const string Entropy = "entropy";

    /// <summary>Focal loss, of the kind categorical.</summary>
    public const string Focal = "focal";

    /// <summary>Generalized cross-entropy, of the kind categorical.</summary>
    public const string GeneralizedCrossEntropy = "generalized_cross_entropy";

    /// <summary>Hinge, of the kind binary.</summary>
    public const string Hinge = "hinge";

    /// <summary>Jaccard loss, of the kind overlap.</summary>
    public const string Jaccard = "jaccard";

    /// <summary>Jensen–Shannon divergence, of the kind categorical.</summary>
    public const string JsDivergence = "js_divergence";

    /// <summary>Kullback–Leibler divergence, of the kind categorical.</summary>
    public const string KlDivergence = "kl_divergence";

    /// <summary>ListMLE, of the kind categorical.</summary>
    public const string ListMle = "list_mle";

    /// <summary>Multi-class margin (Weston–Watkins), of the kind categorical.</summary>
    public const string MultiMargin = "multi_margin";

    /// <summary>Multiclass hinge (Crammer–Singer), of the kind categorical.</summary>
    public const string MulticlassHinge = "multiclass_hinge";

    /// <summary>Multi-label margin, of the kind categorical.</summary>
    public const string MultilabelMargin = "multilabel_margin";

    /// <summary>Poly-1 cross-entropy, of the kind categorical.</summary>
    public const string PolyCrossEntropy = "poly_cross_entropy";

    /// <summary>Ranked probability score, of the kind categorical.</summary>
    public const string RankedProbabilityScore = "ranked_probability_score";

    /// <summary>Squared hinge, of the kind binary.</summary>
    public const string SquaredHinge = "squared_hinge";

    /// <summary>Symmetric cross-entropy, of the kind categorical.</summary>
    public const string SymmetricCrossEntropy = "symmetric_cross_entropy";

    /// <summary>Total variation, of the kind categorical.</summary>
    public const string TotalVariation = "total_variation";

    /// <summary>Tversky loss, of the kind overlap.</summary>
    public const string Tversky = "tversky";
}
