using System.Net;
using LossService.Client;
using LossService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace LossService.Tests.Client;

/// <summary>Which requests are sent again, and how long the client waits.</summary>
public sealed class ClientRetryTests(TestService service)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(HttpStatusCode.TooManyRequests)]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    public async Task Refusal_ForNow_IsSentAgainWhole(HttpStatusCode status)
    {
        var busy = new Interposed((request, _) => request <= 2 ? Interposed.Answer(status, retryAfter: 0) : null);
        using var host = new ClientHost(service, busy.AddTo);
        var scores = await host.Client.ScoreAsync(LossNames.CrossEntropy, SmallBatch.Create(), Cancellation);
        Assert.Equal(SmallBatch.Loss, scores.Loss!.Value, 1e-7);
        Assert.Equal(3, busy.Requests);
    }

    [Fact]
    public async Task RetryAfter_IsWaitedFor()
    {
        var busy = new Interposed((request, _) => request == 1 ? Interposed.Answer(HttpStatusCode.TooManyRequests, retryAfter: 1) : null);
        using var host = new ClientHost(service, busy.AddTo);
        var start = TimeProvider.System.GetTimestamp();
        await host.Client.ScoreAsync(LossNames.CrossEntropy, SmallBatch.Create(), Cancellation);
        // without the header it would be 0.2 s
        Assert.True(TimeProvider.System.GetElapsedTime(start) > TimeSpan.FromSeconds(0.9));
    }

    [Fact]
    public async Task Refusal_ThatLasts_IsAProblemInTheEnd()
    {
        var busy = new Interposed((_, _) => Interposed.Answer(HttpStatusCode.TooManyRequests, retryAfter: 0));
        using var host = new ClientHost(service, busy.AddTo);
        var refused = await Assert.ThrowsAsync<LossProblemException>(
            () => host.Client.ScoreAsync(LossNames.CrossEntropy, SmallBatch.Create(), Cancellation));
        Assert.Equal((429, TimeSpan.Zero), (refused.Problem.Status, refused.Problem.RetryAfter));
        Assert.Equal(5, busy.Requests);
    }

    [Fact]
    public async Task BrokenConnection_IsSentAgain()
    {
        var broken = new Interposed((request, _) => request == 1 ? throw new HttpRequestException("reset") : null);
        using var host = new ClientHost(service, broken.AddTo);
        var scores = await host.Client.ScoreAsync(LossNames.CrossEntropy, SmallBatch.Create(), Cancellation);
        Assert.Equal(SmallBatch.Loss, scores.Loss!.Value, 1e-7);
        Assert.Equal(2, broken.Requests);
    }

    [Fact]
    public async Task InvalidBatch_IsSentOnce()
    {
        var counted = new Interposed((_, _) => null);
        using var host = new ClientHost(service, counted.AddTo);
        await Assert.ThrowsAsync<LossProblemException>(
            () => host.Client.ScoreAsync(LossNames.CrossEntropy, SmallBatch.Create(0, 9), Cancellation));
        Assert.Equal(1, counted.Requests);
    }

    [Fact]
    public async Task Stream_IsSentOnce()
    {
        var busy = new Interposed((_, _) => Interposed.Answer(HttpStatusCode.ServiceUnavailable, retryAfter: 0));
        using var host = new ClientHost(service, busy.AddTo);
        var answers = host.Client.StreamAsync(LossNames.CrossEntropy, new[] { SmallBatch.Create() }.ToAsyncEnumerable());
        await Assert.ThrowsAsync<LossProblemException>(async () => await answers.FirstAsync(Cancellation));
        Assert.Equal(1, busy.Requests);
    }

    [Fact]
    public async Task Health_IsAskedOnce()
    {
        using var host = new ClientHost(service);
        Assert.True(await host.Client.IsLiveAsync(Cancellation));
        Assert.True(await host.Client.IsReadyAsync(Cancellation));

        var draining = new Interposed((_, _) => Interposed.Answer(HttpStatusCode.ServiceUnavailable, retryAfter: 1));
        using var other = new ClientHost(service, draining.AddTo);
        Assert.False(await other.Client.IsReadyAsync(Cancellation));
        Assert.Equal(1, draining.Requests);
    }

    [Fact]
    public async Task Timeout_OfTheHttpClient_CoversTheBody()
    {
        var stuck = new Interposed((_, _) => new(HttpStatusCode.OK)
        {
            Headers = { { "Inference-Header-Content-Length", "10" } },
            Content = new StreamContent(new EndlessWait()),
        });
        using var host = new ClientHost(service, builder =>
        {
            builder.ConfigureHttpClient(http => http.Timeout = TimeSpan.FromMilliseconds(200));
            stuck.AddTo(builder);
        });
        var late = await Assert.ThrowsAsync<TaskCanceledException>(
            () => host.Client.ScoreAsync(LossNames.CrossEntropy, SmallBatch.Create(), Cancellation));
        Assert.IsType<TimeoutException>(late.InnerException);
    }

    [Fact]
    public async Task Cancellation_EndsARequest()
    {
        using var ended = new CancellationTokenSource();
        var waiting = new Interposed((_, _) =>
        {
            ended.Cancel();
            return null;
        });
        using var host = new ClientHost(service, waiting.AddTo);
        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => host.Client.ScoreAsync(LossNames.CrossEntropy, SmallBatch.Create(), ended.Token));
        Assert.IsNotType<TimeoutException>(cancelled.InnerException);
    }

    [Theory]
    [InlineData("http://example.org/loss", "http://example.org/loss/v2/models/cross_entropy/infer")]
    [InlineData("http://example.org/loss/", "http://example.org/loss/v2/models/cross_entropy/infer")]
    [InlineData("http://example.org", "http://example.org/v2/models/cross_entropy/infer")]
    public async Task Address_MayHaveAPrefix(string address, string expected)
    {
        var counted = new Interposed((_, _) => Interposed.Answer(HttpStatusCode.NotFound));
        using var host = new ClientHost(new Uri(address), counted.AddTo);
        await Assert.ThrowsAsync<LossProblemException>(
            () => host.Client.ScoreAsync(LossNames.CrossEntropy, SmallBatch.Create(), Cancellation));
        Assert.Equal(expected, counted.Address!.AbsoluteUri);
    }

    /// <summary>A body that never comes.</summary>
    private sealed class EndlessWait : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }
    }
}
