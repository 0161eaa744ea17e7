using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace LossService.Hosting.Warming;

/// <summary>A transport for Kestrel with one connection, both ends of which this process holds. Nothing listens once it is open.</summary>
internal sealed class OneConnection : IConnectionListenerFactory, IConnectionListener
{
    private readonly SocketConnectionContextFactory _contexts;
    private readonly CancellationTokenSource _unbound = new();
    private Socket? _server;

    private OneConnection(Socket client, Socket server, ILogger log) =>
        (Client, _server, _contexts) = (client, server, new(new(), log));

    /// <summary>The end of the client.</summary>
    public Socket Client { get; }

    /// <inheritdoc/>
    public EndPoint EndPoint { get; private set; } = new IPEndPoint(IPAddress.Loopback, 0);

    /// <summary>Opens it.</summary>
    /// <exception cref="SocketException">This machine has no loopback address, or another program was quicker to connect.</exception>
    public static async Task<OneConnection> OpenAsync(ILogger log, CancellationToken cancellation)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Socket? server = null;
        try
        {
            await client.ConnectAsync(listener.LocalEndPoint!, cancellation);
            server = await listener.AcceptAsync(cancellation);
            if (!Equals(server.RemoteEndPoint, client.LocalEndPoint)) throw new SocketException((int)SocketError.ConnectionRefused);
            server.NoDelay = true;
            return new(client, server, log);
        }
        catch
        {
            client.Dispose();
            server?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        EndPoint = endpoint;
        return new(this);
    }

    /// <summary>The end of the server, once; then null when the server stops.</summary>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _server, null) is { } server) return _contexts.Create(server);
        await Task.Delay(Timeout.Infinite, _unbound.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return null;
    }

    /// <inheritdoc/>
    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default) => await _unbound.CancelAsync();

    /// <summary>Called by the server when it stops.</summary>
    public ValueTask DisposeAsync()
    {
        Client.Dispose();
        _server?.Dispose();
        _contexts.Dispose();
        _unbound.Dispose();
        return default;
    }
}
