namespace LossService.Formats.OpenInference;

/// <summary>How often something was done, and the time that it took in all.</summary>
/// <param name="Count">How often.</param>
/// <param name="Ns">The time in nanoseconds.</param>
internal readonly record struct OipDuration(long Count, long Ns)
{
    /// <summary>With one more, which took <paramref name="elapsed"/>.</summary>
    public OipDuration Plus(TimeSpan elapsed) => new(Count + 1, Ns + elapsed.Ticks * TimeSpan.NanosecondsPerTick);
}
