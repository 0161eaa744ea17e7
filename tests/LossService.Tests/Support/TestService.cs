using System.Net.Http.Headers;
using System.Text;
using Grpc.Net.Client;
using LossService.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

[assembly: AssemblyFixture(typeof(LossService.Tests.Support.TestService))]

namespace LossService.Tests.Support;

/// <summary>
/// The whole service on a real Kestrel, at loopback ports of its own: what a test says of an answer is what a client gets.
/// One instance serves all tests; a test that needs other settings makes its own.
/// </summary>
public sealed class TestService : WebApplicationFactory<Program>
{
    private readonly Action<IWebHostBuilder> _prepare;
    private readonly Lazy<GrpcChannel> _channel;

    /// <summary>The service as it ships.</summary>
    public TestService() : this(_ => { })
    {
    }

    /// <summary>The service with other settings or parts.</summary>
    internal TestService(Action<IWebHostBuilder> prepare)
    {
        _prepare = prepare;
        UseKestrel();
        StartServer();
        Client = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = ClientOptions.BaseAddress };
        _channel = new(() => GrpcChannel.ForAddress(GrpcAddress, new() { MaxReceiveMessageSize = null }));
    }

    /// <summary>A client that sends what it is told, and follows nothing.</summary>
    public HttpClient Client { get; }

    /// <summary>Where the service listens.</summary>
    public Uri Address => Client.BaseAddress!;

    /// <summary>A channel to the service's gRPC.</summary>
    internal GrpcChannel Channel => _channel.Value;

    /// <summary>Of the two addresses, the one that is not for HTTP/1.1.</summary>
    internal Uri GrpcAddress => Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
        .Select(address => new Uri(address)).Single(address => address != Address);

    /// <summary>Posts a text as JSON.</summary>
    internal Task<Answer> PostAsync(string path, string body) => PostAsync(path, Encoding.UTF8.GetBytes(body));

    /// <summary>Posts bytes, as JSON unless said otherwise.</summary>
    internal Task<Answer> PostAsync(string path, byte[] body, string? contentType = "application/json")
    {
        var content = new ByteArrayContent(body);
        if (contentType is not null) content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        return SendAsync(new(HttpMethod.Post, path) { Content = content });
    }

    /// <summary>Sends a request and reads the whole answer.</summary>
    internal async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        using (request)
        {
            using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
            var body = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
            return new((int)response.StatusCode, response.Headers, response.Content.Headers, body);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Client.Dispose();
            if (_channel.IsValueCreated) _channel.Value.Dispose();
        }
        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    protected override IHost CreateHost(IHostBuilder builder) => base.CreateHost(builder.ConfigureServices(services =>
        // the factory has put in the server's own
        services.AddSingleton<IMemoryPoolFactory<byte>>(all => all.GetRequiredService<ReceivePool>())));

    /// <inheritdoc/>
    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseEnvironment("Production");
        builder.UseSetting("Kestrel:Endpoints:Http:Url", "http://127.0.0.1:0");
        builder.UseSetting("Kestrel:Endpoints:Grpc:Url", "http://127.0.0.1:0");
        // tests of other things send any host
        builder.UseSetting("AllowedHosts", "*");
        builder.UseSetting("Serilog:MinimumLevel:Default", "Fatal");
        builder.UseSetting("Serilog:MinimumLevel:Override:Microsoft.AspNetCore", "Fatal");
        // most tests end sooner than it would
        builder.UseSetting("WarmUp:Seconds", "0");
        _prepare(builder);
    }
}

/// <summary>A whole answer.</summary>
internal sealed record Answer(int Status, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders, byte[] Body)
{
    /// <summary>The body as text.</summary>
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>The one value of a header; null where it is not there.</summary>
    public string? Header(string name) =>
        Headers.TryGetValues(name, out var values) || ContentHeaders.TryGetValues(name, out values) ? string.Join(", ", values) : null;
}
