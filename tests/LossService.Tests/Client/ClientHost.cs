using LossService.Client;
using LossService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace LossService.Tests.Client;

/// <summary>The client as an application registers it.</summary>
internal sealed class ClientHost : IDisposable
{
    private readonly ServiceProvider _provider;

    /// <summary>A client of a service.</summary>
    public ClientHost(TestService service, Action<IHttpClientBuilder>? configure = null) : this(service.Address, configure)
    {
    }

    /// <summary>A client of whatever is at an address.</summary>
    public ClientHost(Uri address, Action<IHttpClientBuilder>? configure = null)
    {
        var services = new ServiceCollection();
        var builder = services.AddLossClient(address);
        configure?.Invoke(builder);
        _provider = services.BuildServiceProvider();
        Client = _provider.GetRequiredService<LossClient>();
    }

    /// <summary>The client.</summary>
    public LossClient Client { get; }

    /// <inheritdoc/>
    public void Dispose() => _provider.Dispose();
}
