using System.Net;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using LossService.Client;
using LossService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace LossService.Tests.Client;

/// <summary>Streams of batches, over HTTP/1.1 and HTTP/2.</summary>
public sealed class ClientStreamTests(TestService service)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answers_OfGoodAndBadBatches_ComeInOrderWithASummary(bool isHttp2)
    {
        using var host = Host(isHttp2);
        LossBatch[] batches = [SmallBatch.Create(), SmallBatch.Create(0, 7), SmallBatch.Create()];
        var answers = host.Client.StreamAsync(LossNames.CrossEntropy, batches.ToAsyncEnumerable());
        Assert.Throws<InvalidOperationException>(() => answers.Summary);

        var all = await answers.ToArrayAsync(Cancellation);

        Assert.Equal([1, 2, 3], all.Select(answer => answer.Line));
        Assert.Equal(SmallBatch.Loss, all[0].Scores.Loss!.Value, 1e-7);
        Assert.Equal(6, all[2].Scores.Gradient.AsSpan<float>().Length);
        Assert.Equal(new LossProblemError("#/labels/data", "[1]: class index 7 is outside 0..2"), all[1].Problem!.Errors.Single());
        Assert.Equal("labels[1]: class index 7 is outside 0..2 (422 invalid-batch)",
            Assert.Throws<LossProblemException>(() => all[1].Scores).Message);
        Assert.Equal((3, 1, 4), (answers.Summary.Lines, answers.Summary.Failed, answers.Summary.Totals.Samples));
        Assert.Equal(SmallBatch.Loss, answers.Summary.Loss!.Value, 1e-7);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await answers.FirstAsync(Cancellation));
    }

    [Fact]
    public async Task Answer_OverHttp2_ComesBeforeTheNextBatchIsMade()
    {
        using var host = Host(isHttp2: true);
        var batches = Channel.CreateUnbounded<LossBatch>();
        batches.Writer.TryWrite(SmallBatch.Create());
        var answers = host.Client.StreamAsync(LossNames.CrossEntropy, batches.Reader.ReadAllAsync(Cancellation));
        var lines = 0;
        await foreach (var answer in answers.WithCancellation(Cancellation))
        {
            Assert.Equal(++lines, answer.Line);
            if (lines < 5) batches.Writer.TryWrite(SmallBatch.Create());
            else batches.Writer.Complete();
        }
        Assert.Equal(5, answers.Summary.Lines);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task FailureOfTheSource_ReachesTheUser(bool isHttp2)
    {
        using var host = Host(isHttp2);
        var answers = host.Client.StreamAsync(LossNames.CrossEntropy, FailAsync());
        var failure = await Assert.ThrowsAsync<FormatException>(async () => await answers.ToArrayAsync(Cancellation));
        Assert.Equal("the file ends here", failure.Message);

        static async IAsyncEnumerable<LossBatch> FailAsync()
        {
            yield return SmallBatch.Create();
            await Task.Yield();
            throw new FormatException("the file ends here");
        }
    }

    [Fact]
    public async Task Enumeration_ThatEndsEarly_EndsTheSource()
    {
        using var host = Host(isHttp2: true);
        var ended = new TaskCompletionSource();
        var answers = host.Client.StreamAsync(LossNames.CrossEntropy, EndlessAsync(Cancellation));
        await foreach (var answer in answers.WithCancellation(Cancellation))
        {
            Assert.Equal(1, answer.Line);
            break;
        }
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);

        async IAsyncEnumerable<LossBatch> EndlessAsync([EnumeratorCancellation] CancellationToken cancellation)
        {
            try
            {
                yield return SmallBatch.Create();
                await Task.Delay(Timeout.Infinite, cancellation);
            }
            finally
            {
                ended.SetResult();
            }
        }
    }

    [Fact]
    public async Task Stream_OfAnUnknownLoss_IsRefusedWhole()
    {
        using var host = Host(isHttp2: false);
        var answers = host.Client.StreamAsync("nothing", new[] { SmallBatch.Create() }.ToAsyncEnumerable());
        var refused = await Assert.ThrowsAsync<LossProblemException>(async () => await answers.ToArrayAsync(Cancellation));
        Assert.Equal("unknown-loss", refused.Problem.Type);
    }

    [Theory]
    [InlineData("{\"line\":1,\"loss\":1,\"totals\":{\"samples\":1,\"weight\":1,\"loss\":1}}\n",
        "the answers of the stream ended without their summary")]
    [InlineData("{\"line\":1,\"error\":{\"status\":408,\"type\":\"too-slow\",\"title\":\"Slow\",\"detail\":\"Too slow.\"}}\n",
        "Too slow. (408 too-slow)")]
    [InlineData("{\"line\":1", "the answer is not one of LossService:*")]
    public async Task Answers_WithoutASummary_EndInAnError(string lines, string message)
    {
        var proxy = new Interposed((_, _) => Interposed.Answer(HttpStatusCode.OK, lines));
        using var host = new ClientHost(service, proxy.AddTo);
        var answers = host.Client.StreamAsync(LossNames.CrossEntropy, AsyncEnumerable.Empty<LossBatch>());
        var broken = await Assert.ThrowsAnyAsync<HttpRequestException>(async () => await answers.ToArrayAsync(Cancellation));
        Assert.StartsWith(message.TrimEnd('*'), broken.Message, StringComparison.Ordinal);
    }

    /// <summary>A client of the address for HTTP/1.1, or of that for HTTP/2 in clear text.</summary>
    private ClientHost Host(bool isHttp2) => isHttp2
        ? new(service.GrpcAddress, builder => builder.ConfigureHttpClient(http =>
        {
            http.DefaultRequestVersion = HttpVersion.Version20;
            http.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        }))
        : new(service);
}
