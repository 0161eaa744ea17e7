namespace LossService.Http;

/// <summary>The section <c>Compression</c> of the configuration.</summary>
public sealed record CompressionSettings
{
    /// <summary>Whether large responses are compressed where the client accepts it; false for networks that are faster than gzip.</summary>
    public bool Answers { get; init; } = true;
}
