using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;
using LossService.Tests.Support;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace LossService.Tests.Hosting;

/// <summary>TLS by Kestrel's settings alone: one endpoint speaks HTTP/1.1, HTTP/2 and gRPC.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("loss-tls").FullName;

    [Fact]
    public async Task Endpoint_WithACertificate_ServesHttpAndGrpc()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddHours(1));
        var (path, keyPath) = (Path.Combine(_folder, "tls.crt"), Path.Combine(_folder, "tls.key"));
        await File.WriteAllTextAsync(path, certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(keyPath, key.ExportPkcs8PrivateKeyPem(), TestContext.Current.CancellationToken);
        using var service = new TestService(host => host
            .UseSetting("Kestrel:Endpoints:Https:Url", "https://127.0.0.1:0")
            .UseSetting("Kestrel:Endpoints:Https:Protocols", "Http1AndHttp2")
            .UseSetting("Kestrel:Endpoints:Https:Certificate:Path", path)
            .UseSetting("Kestrel:Endpoints:Https:Certificate:KeyPath", keyPath));
        var address = service.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
            .Select(text => new Uri(text)).Single(uri => uri.Scheme == "https");

        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) =>
            shown?.GetCertHashString(HashAlgorithmName.SHA256) == certificate.GetCertHashString(HashAlgorithmName.SHA256);
        using var client = new HttpClient(handler) { BaseAddress = address };
        foreach (var version in new[] { HttpVersion.Version11, HttpVersion.Version20 })
        {
            using var post = new HttpRequestMessage(HttpMethod.Post, "/v1/losses/cross_entropy")
            {
                Version = version,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = new StringContent("""{"logits":[[2,1]],"labels":[0]}""", null, "application/json"),
            };
            using var response = await client.SendAsync(post, TestContext.Current.CancellationToken);
            Assert.Equal((HttpStatusCode.OK, version), (response.StatusCode, response.Version));
        }
        using var channel = GrpcChannel.ForAddress(address, new() { HttpClient = client });
        Assert.NotEmpty(await GrpcCall.InferAsync(channel));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
