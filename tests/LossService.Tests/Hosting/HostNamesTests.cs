using Grpc.Core;
using Grpc.Net.Client;
using LossService.Hosting.Settings;
using LossService.Tests.Support;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace LossService.Tests.Hosting;

/// <summary>
/// A service that only this machine can reach answers to this machine's names, so no web page reaches it by DNS rebinding.
/// </summary>
public sealed class HostNamesTests
{
    [Theory]
    [InlineData("", "localhost", 200)]
    [InlineData("", "localhost:8080", 200)]
    [InlineData("", "LOCALHOST", 200)]
    [InlineData("", "127.0.0.1:8080", 200)]
    [InlineData("", "[::1]:8080", 200)]
    [InlineData("", "evil.example", 400)]
    [InlineData("", "localhost.evil.example", 400)]
    [InlineData("", "192.168.0.1", 400)]
    [InlineData("*", "evil.example", 200)]
    [InlineData("loss.example.com; *.internal", "loss.example.com", 200)]
    [InlineData("loss.example.com; *.internal", "a.internal", 200)]
    [InlineData("loss.example.com; *.internal", "localhost", 400)]
    public async Task Host_ByTheSetting_IsServedOrRefused(string setting, string host, int status)
    {
        using var service = new TestService(settings => settings.UseSetting("AllowedHosts", setting));
        var answer = await service.SendAsync(new(HttpMethod.Get, "/livez") { Headers = { Host = host } });
        if (status == 200) Assert.Equal(200, answer.Status);
        else Assert.Contains(
            "AllowedHosts", answer.IsProblem(400, "bad-request").GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_ToAnotherHost_IsRefused()
    {
        using var service = new TestService(settings => settings.UseSetting("AllowedHosts", ""));
        await GrpcCall.InferAsync(service.Channel);
        var address = service.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
            .Select(text => new Uri(text)).Single(uri => uri != service.Address);
        using var channel = GrpcChannel.ForAddress(address, new() { HttpHandler = new Renamed("evil.example") });
        var refused = await Assert.ThrowsAsync<RpcException>(() => GrpcCall.InferAsync(channel));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Contains("evil.example", refused.Status.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://localhost:8080", true)]
    [InlineData("http://127.0.0.1:8080", true)]
    [InlineData("https://[::1]:8443", true)]
    [InlineData("http://+:8080", false)]
    [InlineData("http://*:8080", false)]
    [InlineData("http://0.0.0.0:8080", false)]
    [InlineData("http://[::]:8080", false)]
    [InlineData("http://10.0.0.7:8080", false)]
    [InlineData("http://loss.example.com", false)]
    public void Endpoint_ByItsAddress_IsOfThisMachineAloneOrNot(string url, bool isLoopback) => Assert.Equal(isLoopback,
        new KestrelSettings { Endpoints = { ["Http"] = new() { Url = url }, ["Grpc"] = new() { Url = "http://localhost:1" } } }.IsLoopback);

    private sealed class Renamed(string host) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Host = host;
            return base.SendAsync(request, cancellationToken);
        }
    }
}
