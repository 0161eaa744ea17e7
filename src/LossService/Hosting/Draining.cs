using LossService.Http;
using Microsoft.Extensions.Options;

namespace LossService.Hosting;

/// <summary>
/// How the service stops without losing a request. A signal to stop first turns readiness to 503; for
/// <see cref="Limits.DrainSeconds"/> all is answered as before, while whoever sends the traffic takes notice; then no one is
/// let in any more, and what is in flight is finished.
/// </summary>
internal static class Draining
{
    /// <summary>How long requests in flight may still take when the wait is over; Kubernetes gives 30 seconds in all.</summary>
    private static readonly TimeSpan InFlight = TimeSpan.FromSeconds(20);

    /// <summary>Has the host wait before it stops the server.</summary>
    public static void AddDraining(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Readiness>().AddHostedService<Wait>();
        builder.Services.AddOptions<HostOptions>().Configure<IOptions<Limits>>((host, limits) => host.ShutdownTimeout = limits.Value.Drain + InFlight);
    }

    /// <summary>Asks each client that comes back during the wait to connect anew: to someone who will be there.</summary>
    public static void UseDraining(this WebApplication app)
    {
        var readiness = app.Services.GetRequiredService<Readiness>();
        // late, since the signal may come after the request; one delegate for all of them
        Func<object, Task> closeUnlessReady = response =>
        {
            if (!readiness.IsReady) ((HttpResponse)response).Headers.Connection = "close";
            return Task.CompletedTask;
        };
        app.Use((context, next) =>
        {
            // HTTP/2 has GOAWAY for this, which the server sends itself
            if (HttpProtocol.IsHttp11(context.Request.Protocol)) context.Response.OnStarting(closeUnlessReady, context.Response);
            return next(context);
        });
    }

    private sealed class Wait(IHostApplicationLifetime lifetime, IOptions<Limits> limits) : IHostedLifecycleService
    {
        /// <summary>The server is stopped after this.</summary>
        public Task StoppingAsync(CancellationToken cancellationToken)
        {
            // a signal has said so already, whoever stops the host in code has not
            lifetime.StopApplication();
            return Task.Delay(limits.Value.Drain, cancellationToken);
        }

        public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
