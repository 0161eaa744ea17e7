namespace LossService.Formats.OpenInference.Grpc;

/// <summary>What is known of a call while it lasts.</summary>
internal sealed class CallState
{
    /// <summary>The length of the message, after decompression.</summary>
    public long MessageBytes { get; set; }

    /// <summary>Whether the message was read, so that the service itself was called.</summary>
    public bool IsRead { get; set; }

    /// <summary>The managed memory taken for the message.</summary>
    public long RequestBytes { get; set; }

    /// <summary>The managed memory taken for the response.</summary>
    public long ResponseBytes { get; set; }
}
