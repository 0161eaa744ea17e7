namespace LossService.Client;

/// <summary>Why the service refused a batch: a problem of RFC 9457.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Type">The stable name of the problem, such as <c>invalid-batch</c>; <c>about:blank</c> if another server answered.</param>
/// <param name="Title">The type in words.</param>
/// <param name="Detail">What went wrong this time.</param>
public sealed record LossProblem(int Status, string Type, string Title, string Detail)
{
    /// <summary>The first errors of a batch, at most 20.</summary>
    public IReadOnlyList<LossProblemError> Errors { get; init; } = [];

    /// <summary>How many errors the batch has.</summary>
    public long TotalErrors { get; init; }

    /// <summary>The limit that the body exceeds, in bytes.</summary>
    public long? LimitBytes { get; init; }

    /// <summary>After what time the same request may succeed.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The id by which the service's log names the request.</summary>
    public string? RequestId { get; init; }
}
