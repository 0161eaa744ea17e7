using System.Diagnostics;
using System.IO.Pipelines;
using LossService.OpenApi;
using LossService.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace LossService.Tests.OpenApi;

/// <summary>The document where many ask for it at once: it goes out in turns, and clients that do not read it hold up nobody.</summary>
public sealed class HeldDocumentTests(TestService service)
{
    private const string Path = "/swagger/v1/swagger.json";
    private const int Rounds = 5;

    private static readonly int Limit = 2 * Environment.ProcessorCount;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Document_AskedForByManyAtOnce_IsWholeForEach()
    {
        using var fresh = new TestService(_ => { });
        var expected = await fresh.SendAsync(new(HttpMethod.Get, Path));
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => fresh.SendAsync(new(HttpMethod.Get, Path))));
        Assert.All(answers, answer => Assert.Equal((200, expected.Body.Length), (answer.Status, answer.Body.Length)));
        Assert.All(answers, answer => Assert.True(expected.Body.AsSpan().SequenceEqual(answer.Body)));
    }

    [Fact]
    public async Task Document_ThatNobodyReads_GoesToAFewAtOnce_AndThenToTheNext()
    {
        var document = new HeldDocument("v1");
        var first = new Client(service);
        var served = document.AnswerAsync(first.Context);
        Assert.True(await first.CountAsync() > 100_000);
        await served;

        var start = Stopwatch.GetTimestamp();
        var clients = Enumerable.Range(0, Rounds * Limit).Select(_ => new Client(service)).ToArray();
        var answers = clients.Select(client => document.AnswerAsync(client.Context)).ToArray();
        await Task.WhenAll(clients.Select(client => client.AwaitFirstByteAsync()));
        // each turn lasts as long as a turn may, since no client reads; a timer may be a little early
        Assert.True(Stopwatch.GetElapsedTime(start) >= (Rounds - 1) * 0.9 * HeldDocument.LongestTurn);
        Assert.All(answers, answer => Assert.False(answer.IsCompleted));

        var lengths = await Task.WhenAll(clients.Select(client => client.CountAsync()));
        Assert.All(lengths, length => Assert.Equal(first.Context.Response.ContentLength, length));
        await Task.WhenAll(answers);
    }

    /// <summary>A client that reads nothing until it is told to; the response waits for it as on a connection.</summary>
    private sealed class Client
    {
        private readonly Pipe _pipe = new(new(pauseWriterThreshold: 64 * 1024, resumeWriterThreshold: 32 * 1024));

        public Client(TestService service)
        {
            Context = new() { RequestServices = service.Services };
            Context.Request.Method = HttpMethods.Get;
            Context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(_pipe.Writer.AsStream()));
        }

        public DefaultHttpContext Context { get; }

        public async Task AwaitFirstByteAsync()
        {
            var read = await _pipe.Reader.ReadAsync(Cancellation);
            _pipe.Reader.AdvanceTo(read.Buffer.Start);
        }

        /// <summary>Reads all, and counts it.</summary>
        public async Task<long> CountAsync()
        {
            long count = 0;
            while (Context.Response.ContentLength is not { } length || count < length)
            {
                var read = await _pipe.Reader.ReadAsync(Cancellation);
                count += read.Buffer.Length;
                _pipe.Reader.AdvanceTo(read.Buffer.End);
            }
            return count;
        }
    }
}
