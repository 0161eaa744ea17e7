namespace LossService.Http;

/// <summary>Whether the service wants new work: until it is told to stop. Work in flight goes on.</summary>
internal sealed class Readiness(IHostApplicationLifetime lifetime)
{
    /// <summary>Whether it does now.</summary>
    public bool IsReady => !lifetime.ApplicationStopping.IsCancellationRequested;
}
