namespace LossService.Http;

/// <summary>Whether the service takes new requests: true until it is told to stop. Requests in flight are finished.</summary>
internal sealed class Readiness(IHostApplicationLifetime lifetime)
{
    /// <summary>Whether the service is ready now.</summary>
    public bool IsReady => !lifetime.ApplicationStopping.IsCancellationRequested;
}
