using LossService.Http;
using Microsoft.Extensions.Options;

namespace LossService.Hosting;

/// <summary>
/// Stops the service without losing a request. After the signal to stop, readiness is 503, and for <see cref="Limits.DrainSeconds"/>
/// every request is still served, so that the load balancer can take notice. Then the server takes no more requests and finishes
/// those in flight.
/// </summary>
internal static class Draining
{
    /// <summary>How long requests in flight may take after the wait; Kubernetes allows 30 seconds in all.</summary>
    private static readonly TimeSpan InFlight = TimeSpan.FromSeconds(20);

    /// <summary>Makes the host wait before it stops the server.</summary>
    public static void AddDraining(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Readiness>().AddHostedService<Wait>();
        builder.Services.AddOptions<HostOptions>().Configure<IOptions<Limits>>((host, limits) =>
            host.ShutdownTimeout = limits.Value.Drain + InFlight);
    }

    /// <summary>During the wait, closes connections after the response, so that clients connect to another replica.</summary>
    public static void UseDraining(this WebApplication app)
    {
        var readiness = app.Services.GetRequiredService<Readiness>();
        // checked when the response starts, since the signal may come after the request; one delegate for all requests
        Func<object, Task> closeIfStopping = response =>
        {
            if (readiness.IsStopping) ((HttpResponse)response).Headers.Connection = "close";
            return Task.CompletedTask;
        };
        app.Use((context, next) =>
        {
            // for HTTP/2 the server sends GOAWAY by itself
            if (HttpProtocol.IsHttp11(context.Request.Protocol)) context.Response.OnStarting(closeIfStopping, context.Response);
            return next(context);
        });
    }

    private sealed class Wait(IHostApplicationLifetime lifetime, IOptions<Limits> limits) : IHostedLifecycleService
    {
        /// <summary>Waits; the host stops the server after this.</summary>
        public Task StoppingAsync(CancellationToken cancellationToken)
        {
            // turns readiness off where the host is stopped by code instead of a signal
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
