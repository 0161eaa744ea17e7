namespace LossService.Http;

/// <summary>
/// Whether the service takes new requests: from the end of its warm-up until it is told to stop. Requests in flight are finished.
/// </summary>
internal sealed class Readiness(IHostApplicationLifetime lifetime)
{
    private volatile bool _isWarm = true;

    /// <summary>Whether no warm-up is under way.</summary>
    public bool IsWarm
    {
        get => _isWarm;
        set => _isWarm = value;
    }

    /// <summary>Whether the service was told to stop.</summary>
    public bool IsStopping => lifetime.ApplicationStopping.IsCancellationRequested;

    /// <summary>Whether the service is ready now.</summary>
    public bool IsReady => _isWarm && !IsStopping;
}
