using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace LossService.Tests.Shared.Hostile;

/// <summary>
/// A server without sockets: what is served is all of the service from its first middleware on. Most of a request is served on the caller's
/// thread, so a fuzzer sees the same paths for the same input.
/// </summary>
internal sealed class DirectServer : IServer
{
    private Func<IFeatureCollection, DirectResponse, Task>? _serve;

    /// <inheritdoc/>
    public IFeatureCollection Features { get; } = new FeatureCollection();

    /// <inheritdoc/>
    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken) where TContext : notnull
    {
        _serve = async (features, response) =>
        {
            var context = application.CreateContext(features);
            try
            {
                await application.ProcessRequestAsync(context);
                await response.EndAsync();
                application.DisposeContext(context, null);
            }
            catch (Exception failed)
            {
                application.DisposeContext(context, failed);
                throw;
            }
        };
        return Task.CompletedTask;
    }

    /// <summary>Serves a request.</summary>
    public Task ServeAsync(IFeatureCollection features, DirectResponse response) => _serve!(features, response);

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
