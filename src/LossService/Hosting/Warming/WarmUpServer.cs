using System.Net;
using System.Net.Sockets;
using LossService.Telemetry;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace LossService.Hosting.Warming;

/// <summary>
/// Kestrel on <see cref="OneConnection"/>: a request runs through the code of the server and of its sockets, but nobody else can send one,
/// no key is needed, and none is counted or logged.
/// </summary>
internal sealed class WarmUpServer : IHttpApplication<HttpContext>, IAsyncDisposable
{
    private readonly OneConnection _connection;
    private readonly KestrelServer _server;
    private WarmUpRequest? _request;
    private TaskCompletionSource<IResult>? _answered;
    private IResult _result = Results.Empty;

    private WarmUpServer(OneConnection connection, IServiceProvider services, ILoggerFactory loggers)
    {
        _connection = connection;
        var options = new KestrelServerOptions { ApplicationServices = services, AddServerHeader = false };
        options.Listen(new IPEndPoint(IPAddress.Loopback, 0));
        _server = new(Options.Create(options), connection, loggers);
    }

    /// <summary>Starts it.</summary>
    /// <param name="services">Those of the host.</param>
    /// <param name="cancellation">Ends the start.</param>
    /// <exception cref="SocketException">There is no connection from this process to itself.</exception>
    public static async Task<WarmUpServer> StartAsync(IServiceProvider services, CancellationToken cancellation)
    {
        var loggers = services.GetRequiredService<ILoggerFactory>();
        var connection = await OneConnection.OpenAsync(loggers.CreateLogger<WarmUpServer>(), cancellation);
        var server = new WarmUpServer(connection, services, loggers);
        try
        {
            await server._server.StartAsync(server, cancellation);
            _ = server.ReceiveAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends a request and waits until it is answered.</summary>
    public async Task<IResult> SendAsync(WarmUpRequest request, CancellationToken cancellation)
    {
        _request = request;
        // not on the thread that has the connection
        _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        for (var sent = 0; sent < request.Message.Length;)
            sent += await _connection.Client.SendAsync(request.Message.AsMemory(sent), cancellation);
        return await _answered.Task.WaitAsync(cancellation);
    }

    /// <inheritdoc/>
    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    /// <inheritdoc/>
    public async Task ProcessRequestAsync(HttpContext context)
    {
        using var own = OwnRequests.Begin();
        _result = await _request!.Answer(context.Request);
    }

    /// <inheritdoc/>
    public void DisposeContext(HttpContext context, Exception? exception)
    {
        if (exception is null) _answered!.SetResult(_result);
        else _answered!.SetException(exception);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // nothing is under way, or what is has used up its time
        await _server.StopAsync(new CancellationToken(canceled: true));
        _server.Dispose();
        await _connection.DisposeAsync();
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[4096];
        try
        {
            while (await _connection.Client.ReceiveAsync(buffer) > 0) { }
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
        {
        }
    }
}
