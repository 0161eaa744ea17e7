namespace LossService.Client;

/// <summary>The names of the losses. A service may have others: every name is a string.</summary>
public static class LossNames
{
    /// <summary>Asymmetric loss, binary.</summary>
    public const string Asymmetric = "asymmetric";

    /// <summary>Binary Brier score.</summary>
    public const string BinaryBrier = "binary_brier";

    /// <summary>Binary cross-entropy.</summary>
    public const string BinaryCrossEntropy = "binary_cross_entropy";

    /// <summary>Binary focal loss.</summary>
    public const string BinaryFocal = "binary_focal";

    /// <summary>Brier score.</summary>
    public const string Brier = "brier";

    /// <summary>Cross-entropy.</summary>
    public const string CrossEntropy = "cross_entropy";

    /// <summary>Entropy of the predicted distribution; takes no labels.</summary>
    public const string Entropy = "entropy";

    /// <summary>Focal loss.</summary>
    public const string Focal = "focal";

    /// <summary>Generalized cross-entropy.</summary>
    public const string GeneralizedCrossEntropy = "generalized_cross_entropy";

    /// <summary>Hinge loss, binary.</summary>
    public const string Hinge = "hinge";

    /// <summary>Jensen–Shannon divergence.</summary>
    public const string JsDivergence = "js_divergence";

    /// <summary>Kullback–Leibler divergence.</summary>
    public const string KlDivergence = "kl_divergence";

    /// <summary>Multi-class margin loss.</summary>
    public const string MultiMargin = "multi_margin";

    /// <summary>Multiclass hinge.</summary>
    public const string MulticlassHinge = "multiclass_hinge";

    /// <summary>Poly-1 cross-entropy.</summary>
    public const string PolyCrossEntropy = "poly_cross_entropy";

    /// <summary>Squared hinge loss, binary.</summary>
    public const string SquaredHinge = "squared_hinge";

    /// <summary>Total variation distance.</summary>
    public const string TotalVariation = "total_variation";
}
