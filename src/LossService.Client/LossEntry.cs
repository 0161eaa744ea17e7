namespace LossService.Client;

/// <summary>One of several losses that are scored over one batch.</summary>
public sealed class LossEntry
{
    /// <summary>The name of the loss, where the entry has another one; null = its name is the loss's.</summary>
    public string? Loss { get; set; }

    /// <summary>The factor of the loss in the combined one, of either sign; by default 1.</summary>
    public double? Weight { get; set; }

    /// <summary>The name of the tensor with the loss's labels, where a batch has more than one such.</summary>
    public string? LabelsFrom { get; set; }

    /// <summary>What to compute; by default what the batch says.</summary>
    public LossOutputs Outputs { get; set; }

    /// <summary>The options of the loss.</summary>
    public LossOptions Options { get; init; } = new();
}
