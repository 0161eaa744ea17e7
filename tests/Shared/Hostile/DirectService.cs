using LossService.Http;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LossService.Tests.Shared.Hostile;

/// <summary>The whole service on a <see cref="DirectServer"/>, for one request at a time.</summary>
// any type of the service stands for it; Program is also the name of what uses this
internal sealed class DirectService : WebApplicationFactory<Limits>
{
    private readonly DirectServer _server = new();
    private readonly byte[] _kept = new byte[1024 * 1024];
    private readonly (string Name, string Value)[] _settings;

    /// <summary>The service with settings.</summary>
    public DirectService(params (string Name, string Value)[] settings)
    {
        _settings = settings;
        // the one way not to get the framework's own server for tests, which serves on other threads
        UseKestrel();
        StartServer();
        Admission = Services.GetRequiredService<Admission>();
    }

    /// <summary>What its requests share.</summary>
    public Admission Admission { get; }

    /// <summary>Serves a request.</summary>
    public DirectResponse Serve(HostileRequest request)
    {
        var isGrpc = request.Format == "grpc";
        var features = new FeatureCollection();
        var http = new HttpRequestFeature
        {
            Method = "POST",
            Scheme = "http",
            Path = request.Path,
            Protocol = isGrpc ? "HTTP/2" : "HTTP/1.1",
            Body = new MemoryStream(request.Body, writable: false),
        };
        http.Headers.Host = "localhost";
        foreach (var (name, value) in request.Headers) http.Headers[name] = value;
        if (request.HasLength) http.Headers.ContentLength = request.Body.Length;
        var response = new DirectResponse(_kept);
        features.Set<IHttpRequestFeature>(http);
        features.Set<IHttpResponseFeature>(response);
        features.Set<IHttpResponseBodyFeature>(response);
        features.Set<IHttpRequestLifetimeFeature>(response);
        features.Set<IHttpResponseTrailersFeature>(response);
        _server.ServeAsync(features, response).GetAwaiter().GetResult();
        return response;
    }

    /// <inheritdoc/>
    protected override IHost CreateHost(IHostBuilder builder) =>
        base.CreateHost(builder.ConfigureServices(services => services.AddSingleton<IServer>(_server)));

    /// <inheritdoc/>
    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseEnvironment("Production");
        builder.UseSetting("AllowedHosts", "*");
        builder.UseSetting("WarmUp:Seconds", "0");
        builder.UseSetting("Serilog:MinimumLevel:Default", "Fatal");
        builder.UseSetting("Serilog:MinimumLevel:Override:Microsoft.AspNetCore", "Fatal");
        foreach (var (name, value) in _settings) builder.UseSetting(name, value);
    }
}
