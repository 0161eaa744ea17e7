namespace LossService.Telemetry;

/// <summary>
/// Requests that the service sends to itself: those of the warm-up, and those whose responses are examples in the API document. They
/// are in no metric, trace or statistic.
/// </summary>
internal static class OwnRequests
{
    private static readonly AsyncLocal<bool> IsOwn = new();

    // without one under way, a client's request need not look at its flow
    private static int s_underWay;

    /// <summary>Whether the caller works for such a request.</summary>
    public static bool IsCurrent => s_underWay > 0 && IsOwn.Value;

    /// <summary>Marks the flow of the caller as that of such a request, until it is disposed of.</summary>
    public static Mark Begin()
    {
        Interlocked.Increment(ref s_underWay);
        IsOwn.Value = true;
        return new();
    }

    /// <summary>What <see cref="Begin"/> began.</summary>
    public readonly struct Mark : IDisposable
    {
        /// <summary>Ends it.</summary>
        public void Dispose()
        {
            IsOwn.Value = false;
            Interlocked.Decrement(ref s_underWay);
        }
    }
}
