using System.Diagnostics;
using LossService.Tests.Support;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace LossService.Tests.Http;

/// <summary>Requests that break HTTP/1.1 itself, and the limits of its frame: what the server refuses before any handler.</summary>
public sealed class FramingTests(TestService service)
{
    private const string Post =
        "POST /v1/losses/cross_entropy HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n";

    private const string Batch = """{"logits":[[1,2]],"labels":[0]}""";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.1);

    public static TheoryData<string, string, int> Broken => new()
    {
        { "no Host", "GET /livez HTTP/1.1\r\n\r\n", 400 },
        { "two Hosts", "GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400 },
        { "an impossible Host", "GET /livez HTTP/1.1\r\nHost: a/b\r\n\r\n", 400 },
        { "NUL in the path", "GET /liv%00ez HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
        { "a raw NUL in the path", "GET /liv\0ez HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
        { "a bare line feed after the request line", "GET /livez HTTP/1.1\nHost: x\r\n\r\n", 400 },
        { "a bare line feed after a header", "GET /livez HTTP/1.1\r\nHost: x\nConnection: close\r\n\r\n", 400 },
        { "a bare line feed for the empty line", "GET /livez HTTP/1.1\r\nHost: x\r\n\n", 400 },
        { "a bare carriage return in a header", "GET /livez HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", 400 },
        { "a folded header", "GET /livez HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400 },
        { "a space before the colon", "GET /livez HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", 400 },
        { "a header without a colon", "GET /livez HTTP/1.1\r\nHost: x\r\nA\r\n\r\n", 400 },
        { "a header without a name", "GET /livez HTTP/1.1\r\nHost: x\r\n: a\r\n\r\n", 400 },
        { "NUL in a header", "GET /livez HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", 400 },
        { "no version", "GET /livez\r\nHost: x\r\n\r\n", 400 },
        { "an unknown version", "GET /livez HTTP/3.0\r\nHost: x\r\n\r\n", 505 },
        { "no HTTP at all", "\x16\x03\x01\x02\x00\x01\r\n\r\n", 400 },
        { "differing Content-Lengths", Post + "Content-Length: 31\r\nContent-Length: 32\r\n\r\n" + Batch, 400 },
        { "a negative Content-Length", Post + "Content-Length: -1\r\n\r\n", 400 },
        { "a Content-Length that is no number", Post + "Content-Length: 0x1F\r\n\r\n" + Batch, 400 },
        { "a Content-Length beyond 64 bits", Post + "Content-Length: 99999999999999999999\r\n\r\n", 400 },
        { "an unknown Transfer-Encoding", Post + "Transfer-Encoding: gzip\r\n\r\n", 400 },
        { "chunked, but not last", Post + "Transfer-Encoding: chunked, gzip\r\n\r\n", 400 },
        { "a body without length", "POST /v1/losses/cross_entropy HTTP/1.0\r\nHost: x\r\nContent-Type: application/json\r\n\r\n", 400 },
        { "a chunk size that is no number", Post + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400 },
        { "a negative chunk size", Post + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", 400 },
        { "a chunk size beyond 64 bits", Post + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n", 400 },
        { "a chunk longer than its size", Post + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}}\r\n0\r\n\r\n", 400 },
        { "a long URI", $"GET /{new string('a', 9 * 1024)} HTTP/1.1\r\nHost: x\r\n\r\n", 414 },
        { "many headers", $"GET /livez HTTP/1.1\r\nHost: x\r\n{Headers(101)}\r\n", 431 },
        { "large headers", $"GET /livez HTTP/1.1\r\nHost: x\r\nA: {new string('a', 40 * 1024)}\r\n\r\n", 431 },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task Request_BreakingHttp_IsRefusedAndTheConnectionClosed(string what, string request, int status)
    {
        var answer = await RawClient.ExchangeAsync(service.Address, request);
        Assert.True(answer is not null, $"{what}: closed without an answer");
        Assert.True(answer.Status == status, $"{what}: {answer.Text}");
        Assert.Equal(1, answer.Count);
        Assert.DoesNotContain("Exception", answer.Text, StringComparison.Ordinal);
    }

    /// <summary>Length and chunks at once are how requests are smuggled: no second request may be found in the first's body.</summary>
    [Fact]
    public async Task Request_WithLengthAndChunks_HidesNoSecondRequest()
    {
        var answer = await RawClient.ExchangeAsync(service.Address,
            "POST /v1/losses/cross_entropy HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.Equal((400, 1), (answer!.Status, answer.Count));
    }

    [Fact]
    public async Task Request_Pipelined_IsAnsweredInOrder()
    {
        var answer = await RawClient.ExchangeAsync(service.Address,
            "GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
            + "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Assert.Equal(3, answer!.Count);
        Assert.Equal(200, answer.Status);
        Assert.EndsWith("ready\n", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_InOddButValidChunks_Scores()
    {
        var chunks = string.Concat(Batch.Select((c, i) => i % 2 == 0 ? $"1\r\n{c}\r\n" : $"0001;ext=\"x\"\r\n{c}\r\n"));
        var answer = await RawClient.ExchangeAsync(service.Address, $"{Post}Transfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n");
        Assert.True(answer!.Status == 200, answer.Text);
    }

    [Fact]
    public async Task Request_ExpectingToContinue_IsToldTo()
    {
        using var client = new RawClient(service.Address);
        await client.SendAsync($"{Post}Expect: 100-continue\r\nContent-Length: {Batch.Length}\r\n\r\n");
        Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", await client.ReadAsync(length: 25));
        await client.SendAsync(Batch);
        Assert.Equal(200, (await client.ReadAsync())!.Status);
    }

    /// <summary>A client that goes away in the middle leaves nothing behind: the service answers others as before.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Body_BrokenOff_HarmsNobody(bool byReset)
    {
        for (var i = 0; i < 20; i++)
        {
            using var client = new RawClient(service.Address);
            await client.SendAsync($"{Post}Content-Length: 1000\r\n\r\n{Batch[..20]}");
            if (byReset)
            {
                client.Reset();
                continue;
            }
            client.EndSending();
            Assert.True(await client.ReadAsync() is null or { Status: 400 });
        }
        Assert.Equal(200, (await service.PostAsync("/v1/losses/cross_entropy", Batch)).Status);
    }

    /// <summary>Headers must be whole within 10 s, and a body must come at 64 KiB/s after 5 s.</summary>
    [Fact]
    public void Patience_AsShipped_Is10SecondsForHeadersAnd5ForABody()
    {
        var limits = service.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;
        var rate = limits.MinRequestBodyDataRate!;
        Assert.Equal((10.0, 5.0, 65536), (limits.RequestHeadersTimeout.TotalSeconds, rate.GracePeriod.TotalSeconds, rate.BytesPerSecond));
    }

    /// <summary>With less patience than is shipped, so that nobody waits for this test: 1.1 s is the least that Kestrel takes.</summary>
    [Fact]
    public async Task Request_TooSlow_Is408()
    {
        using var impatient = new TestService(host => host.ConfigureTestServices(services =>
            services.PostConfigure<KestrelServerOptions>(kestrel =>
            {
                kestrel.Limits.RequestHeadersTimeout = Patience;
                kestrel.Limits.MinRequestBodyDataRate = new(bytesPerSecond: 64 * 1024, gracePeriod: Patience);
            })));
        await Task.WhenAll(
            AssertTimesOutAsync(impatient.Address, "GET /livez HTTP/1.1\r\nHost: x\r\nA: "),
            AssertTimesOutAsync(impatient.Address, Post + "Content-Length: 1000\r\n\r\n{"));
    }

    private static string Headers(int count) => string.Concat(Enumerable.Range(0, count).Select(i => $"A{i}: b\r\n"));

    private static async Task AssertTimesOutAsync(Uri address, string start)
    {
        using var client = new RawClient(address);
        var clock = Stopwatch.StartNew();
        await client.SendAsync(start);
        var answer = await client.ReadAsync();
        Assert.True(answer?.Status == 408, answer?.Text ?? "closed without an answer");
        Assert.InRange(clock.Elapsed, Patience, TimeSpan.FromSeconds(20));
    }
}
