namespace LossService.Core.Batches;

/// <summary>The names of a batch's parts, as problems name them. Predictions are named by their form, options by their own name.</summary>
public static class BatchField
{
    /// <summary>Class indices or dense targets.</summary>
    public const string Labels = "labels";

    /// <summary>The classes that sparse labels are of.</summary>
    public const string LabelIndices = "label_indices";

    /// <summary>A weight for each sample.</summary>
    public const string SampleWeight = "sample_weight";

    /// <summary>Booleans: which samples are read.</summary>
    public const string Mask = "mask";

    /// <summary>What to compute.</summary>
    public const string Outputs = "outputs";

    /// <summary>How the samples' losses become one.</summary>
    public const string Reduction = "reduction";

    /// <summary>What a mean divides by.</summary>
    public const string MeanOver = "mean_over";

    /// <summary>The number that a mean divides by, in place of what <see cref="MeanOver"/> says.</summary>
    public const string Divisor = "divisor";

    /// <summary>The dtype of the results.</summary>
    public const string DType = "dtype";

    /// <summary>Nats or bits.</summary>
    public const string Unit = "unit";
}
