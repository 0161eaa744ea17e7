namespace LossService.Client;

// generated from the catalogue of the losses

/// <summary>The names of the losses. A service may have others: every name is a string.</summary>
public static class LossNames
{
    /// <summary>Asymmetric loss, a binary loss.</summary>
    public const string Asymmetric = "asymmetric";

    /// <summary>Binary Brier score, a binary loss.</summary>
    public const string BinaryBrier = "binary_brier";

    /// <summary>Binary cross-entropy, a binary loss.</summary>
    public const string BinaryCrossEntropy = "binary_cross_entropy";

    /// <summary>Binary focal loss, a binary loss.</summary>
    public const string BinaryFocal = "binary_focal";

    /// <summary>Brier score, a categorical loss.</summary>
    public const string Brier = "brier";

    /// <summary>Cross-entropy, a categorical loss.</summary>
    public const string CrossEntropy = "cross_entropy";

    /// <summary>Dice loss, a overlap loss.</summary>
    public const string Dice = "dice";

    /// <summary>Entropy, a categorical loss.</summary>
    public const string Entropy = "entropy";

    /// <summary>Focal loss, a categorical loss.</summary>
    public const string Focal = "focal";

    /// <summary>Generalized cross-entropy, a categorical loss.</summary>
    public const string GeneralizedCrossEntropy = "generalized_cross_entropy";

    /// <summary>Hinge, a binary loss.</summary>
    public const string Hinge = "hinge";

    /// <summary>Jaccard loss, a overlap loss.</summary>
    public const string Jaccard = "jaccard";

    /// <summary>Jensen–Shannon divergence, a categorical loss.</summary>
    public const string JsDivergence = "js_divergence";

    /// <summary>Kullback–Leibler divergence, a categorical loss.</summary>
    public const string KlDivergence = "kl_divergence";

    /// <summary>Multi-class margin (Weston–Watkins), a categorical loss.</summary>
    public const string MultiMargin = "multi_margin";

    /// <summary>Multiclass hinge (Crammer–Singer), a categorical loss.</summary>
    public const string MulticlassHinge = "multiclass_hinge";

    /// <summary>Poly-1 cross-entropy, a categorical loss.</summary>
    public const string PolyCrossEntropy = "poly_cross_entropy";

    /// <summary>Ranked probability score, a categorical loss.</summary>
    public const string RankedProbabilityScore = "ranked_probability_score";

    /// <summary>Squared hinge, a binary loss.</summary>
    public const string SquaredHinge = "squared_hinge";

    /// <summary>Total variation, a categorical loss.</summary>
    public const string TotalVariation = "total_variation";

    /// <summary>Tversky loss, a overlap loss.</summary>
    public const string Tversky = "tversky";
}
