namespace LossService.Core.Losses;

/// <summary>Which labels a loss accepts.</summary>
public enum LabelRule
{
    /// <summary>No labels.</summary>
    None,

    /// <summary>Class indices, or dense rows that are distributions: each in [0, 1], summing to 1.</summary>
    Distribution,

    /// <summary>Class indices, or dense rows that are one-hot: a margin is not defined for soft labels.</summary>
    Class,

    /// <summary>Class indices, or dense rows of 0 and 1: any number of classes is true.</summary>
    Classes,

    /// <summary>Class indices, or dense rows of finite numbers, of which only the order counts.</summary>
    Relevance,

    /// <summary>A number in [0, 1] for each element.</summary>
    Probability,

    /// <summary>0 or 1 for each element.</summary>
    Bit,
}
