using System.Diagnostics;
using LossService.Hosting.Warming;
using LossService.Http;
using LossService.Problems;
using LossService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace LossService.Tests.Hosting.Warming;

/// <summary>What the service sends itself between its start and its readiness.</summary>
public sealed class WarmUpServiceTests
{
    private const string Path = "/v1/losses/cross_entropy";
    private const string Batch = """{"logits":[[1,2]],"labels":[0]}""";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_OnAServerOfTheirOwn_AreScored()
    {
        await using var services = new ServiceCollection().AddLogging().BuildServiceProvider();
        await using var server = await WarmUpServer.StartAsync(services, Cancellation);
        var requests = WarmUpRequest.Create(Options.Create(new Limits()), NullLoggerFactory.Instance);
        Assert.True(requests.Count >= 5);
        // twice, since all are on one connection
        foreach (var request in requests.Concat(requests))
        {
            var result = await server.SendAsync(request, Cancellation);
            Assert.True(result is not Problem, (result as Problem)?.Detail);
        }
    }

    [Fact]
    public async Task Service_WhileItWarmsUp_IsLiveAndServesButIsNotReady()
    {
        using var service = Start(seconds: 600);
        // an upload that does not end: the warm-up waits for it
        using var upload = new RawClient(service.Address);
        await upload.SendAsync($"POST {Path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
            + $"Content-Length: {Batch.Length}\r\n\r\n{Batch[..10]}");
        foreach (var path in (string[])["/readyz", "/v2/health/ready", "/v2/models/cross_entropy/ready"])
            Assert.Equal(503, await StatusAsync(service, path));
        foreach (var path in (string[])["/livez", "/v2/health/live"]) Assert.Equal(200, await StatusAsync(service, path));
        var answer = await service.PostAsync(Path, Batch);
        // the connection stays open, unlike while the service stops
        Assert.Equal((200, null), (answer.Status, answer.Header("Connection")));

        await upload.SendAsync(Batch[10..]);
        Assert.Equal(200, (await upload.ReadAsync())?.Status);
    }

    [Fact]
    public async Task Service_AfterTheTimeOfItsWarmUp_IsReady()
    {
        using var service = Start(seconds: 1);
        var waited = Stopwatch.StartNew();
        while (await StatusAsync(service, "/readyz") != 200)
        {
            Assert.True(waited.Elapsed < Patience, "the service never became ready");
            await Task.Delay(20, Cancellation);
        }
        Assert.Equal(200, await StatusAsync(service, "/v2/health/ready"));
    }

    [Fact]
    public async Task Service_StoppedWhileItWarmsUp_EndsAtOnce()
    {
        var service = Start(seconds: 600);
        Assert.Equal(503, await StatusAsync(service, "/readyz"));
        var waited = Stopwatch.StartNew();
        await service.DisposeAsync();
        Assert.True(waited.Elapsed < TimeSpan.FromSeconds(15), $"it took {waited.Elapsed}");
    }

    private static TestService Start(int seconds) => new(settings => settings.UseSetting("WarmUp:Seconds", $"{seconds}"));

    private static async Task<int> StatusAsync(TestService service, string path) =>
        (await service.SendAsync(new(HttpMethod.Get, path))).Status;
}
