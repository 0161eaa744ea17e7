namespace LossService.Client;

/// <summary>What the sums of an overlap loss run over.</summary>
public enum OverlapPer
{
    /// <summary>The whole batch.</summary>
    Batch,

    /// <summary>Each index of the first axis.</summary>
    Item,
}
