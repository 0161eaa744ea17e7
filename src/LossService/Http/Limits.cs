using System.ComponentModel.DataAnnotations;

namespace LossService.Http;

/// <summary>Every limit of the service, from the section <c>Limits</c> of the configuration; checked at start.</summary>
public sealed record Limits
{
    /// <summary>The largest request body, in bytes after decompression.</summary>
    [Range(1024, int.MaxValue)]
    public int BodyBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>How many errors a 422 lists; it always has their total.</summary>
    [Range(1, 1000)]
    public int ListedErrors { get; init; } = 20;

    /// <summary>
    /// How long, in seconds, the service still takes requests after it was told to stop: the time that a load balancer needs to see
    /// that it is not ready. 0 without a load balancer.
    /// </summary>
    [Range(0, 300)]
    public int DrainSeconds { get; init; }

    /// <summary>How many refused requests the log has a line for, in a second; failed ones have as many. The rest is counted.</summary>
    [Range(0, 100_000)]
    public int LoggedRequests { get; init; } = 20;

    /// <summary><see cref="DrainSeconds"/> as a time span.</summary>
    internal TimeSpan Drain => TimeSpan.FromSeconds(DrainSeconds);
}
