using System.Text;
using LossService.Tests.Support;

namespace LossService.Tests.Http;

/// <summary>A body over the limit: 413 with the limit, however its length becomes known.</summary>
public sealed class BodyLimitTests : IDisposable
{
    private const int Limit = 4096;
    private readonly TestService _service = new(host => host.UseSetting("Limits:BodyBytes", "4096"));

    [Theory]
    [InlineData(Limit, 200)]
    [InlineData(Limit + 1, 413)]
    [InlineData(1 << 20, 413)]
    public async Task Body_OfGivenLength_IsTakenUpToTheLimit(int length, int status)
    {
        var byLength = await _service.PostAsync("/v1/losses/cross_entropy", Padded(length));
        var byChunks = await _service.SendAsync(new(HttpMethod.Post, "/v1/losses/cross_entropy")
        {
            Content = new StreamContent(new UnknownLength(Padded(length))) { Headers = { ContentType = new("application/json") } },
        });
        foreach (var answer in new[] { byLength, byChunks })
        {
            Assert.True(answer.Status == status, answer.Text);
            if (status == 413) Assert.Equal(Limit, answer.IsProblem(413, "payload-too-large").GetProperty("limit_bytes").GetInt64());
        }
    }

    /// <summary>A Content-Length over the limit is refused before a byte of the body is sent.</summary>
    [Theory]
    [InlineData("4097")]
    [InlineData("9223372036854775807")]
    public async Task Body_AnnouncedOverTheLimit_IsRefusedUnsent(string length)
    {
        using var client = new RawClient(_service.Address);
        await client.SendAsync(
            $"POST /v1/losses/cross_entropy HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: "
            + $"application/json\r\nContent-Length: {length}\r\n\r\n");
        var answer = await client.ReadAsync();
        Assert.Equal(413, answer!.Status);
        Assert.Contains("\"limit_bytes\":4096", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Catalogue_TellsTheLimit() =>
        Assert.Contains("\"body_bytes\":4096", (await _service.SendAsync(new(HttpMethod.Get, "/v1/losses"))).Text,
            StringComparison.Ordinal);

    public void Dispose() => _service.Dispose();

    private static byte[] Padded(int length) => Encoding.ASCII.GetBytes("""{"logits":[[1,2]],"labels":[0]}""".PadRight(length));

    /// <summary>A stream that does not tell its length, so that the client must send it in chunks.</summary>
    private sealed class UnknownLength(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
