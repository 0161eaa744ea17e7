using System.Diagnostics;
using System.Net.Sockets;
using LossService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LossService.Tests.Hosting;

/// <summary>A service that is told to stop: it says so, serves on for a while, and finishes what it has begun.</summary>
public sealed class DrainingTests
{
    private const string Path = "/v1/losses/cross_entropy";
    private const string Batch = """{"logits":[[1,2]],"labels":[0]}""";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Service_ToldToStop_IsNotReadyButServes()
    {
        using var service = new TestService(settings => settings.UseSetting("Limits:DrainSeconds", "5"));
        var before = await service.PostAsync(Path, Batch);
        Stop(service);

        foreach (var (path, text) in new[] { ("/readyz", "not ready\n"), ("/v2/health/ready", """{"ready":false}""") })
        {
            var answer = await service.SendAsync(new(HttpMethod.Get, path));
            Assert.Equal((503, text), (answer.Status, answer.Text));
        }
        Assert.Equal(200, (await service.SendAsync(new(HttpMethod.Get, "/livez"))).Status);

        // not Connection: close, so that whoever still sends does not come back on this connection
        var during = await service.PostAsync(Path, Batch);
        Assert.Equal((200, before.Text), (during.Status, during.Text));
        Assert.Equal((null, "close"), (before.Header("Connection"), during.Header("Connection")));
    }

    [Fact]
    public async Task Upload_InFlightWhenTheServerStops_IsAnswered()
    {
        using var service = new TestService(settings => settings.UseSetting("Limits:DrainSeconds", "1"));
        using var upload = new RawClient(service.Address);
        await upload.SendAsync(
            $"POST {Path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {Batch.Length}\r\n\r\n{Batch[..10]}");
        // an answer on another connection, sent later, says that the upload has been taken up
        Assert.Equal(200, (await service.PostAsync(Path, Batch)).Status);

        var waited = Stopwatch.StartNew();
        Stop(service);
        while (IsListening(service.Address))
        {
            Assert.True(waited.Elapsed < Patience, "the server never stopped listening");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
        Assert.True(waited.Elapsed > TimeSpan.FromSeconds(0.9), $"the server let no one in after {waited.Elapsed}");

        await upload.SendAsync(Batch[10..]);
        var answer = await upload.ReadAsync();
        Assert.Equal(200, answer?.Status);
        Assert.Contains("\"loss\":1.3132616", answer!.Text, StringComparison.Ordinal);
        Assert.Contains("Connection: close", answer.Text, StringComparison.Ordinal);
    }

    private static void Stop(TestService service) => service.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

    private static bool IsListening(Uri address)
    {
        try
        {
            using var client = new TcpClient(address.Host, address.Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
