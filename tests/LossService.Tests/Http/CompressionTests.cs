using System.IO.Compression;
using System.Text;
using System.Text.Json;
using LossService.Http;
using LossService.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace LossService.Tests.Http;

/// <summary>Compressed bodies are the bodies they stand for, in both directions; the limit is that of the decompressed body.</summary>
public sealed class CompressionTests(TestService service)
{
    private const string Path = "/v1/losses/cross_entropy";
    private static readonly byte[] Batch = Encoding.UTF8.GetBytes(Rows(300));

    [Theory]
    [InlineData("gzip")]
    [InlineData("GZIP")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task Request_Compressed_IsTheBatch(string coding) =>
        Assert.Equal((await service.PostAsync(Path, Batch)).Text, (await PostAsync(service, Compress(coding, Batch), coding)).Text);

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task Request_LargerThanTheLimitOnceDecompressed_Is413(string coding)
    {
        await using var small = new TestService(host => host.UseSetting("Limits:BodyBytes", "4096"));
        var fits = Encoding.UTF8.GetBytes(Rows(2).PadRight(4096));
        Assert.Equal(200, (await PostAsync(small, Compress(coding, fits), coding)).Status);

        var bomb = Compress(coding, new byte[10_000_000]);
        Assert.True(bomb.Length < 20_000);
        foreach (var body in (byte[][])[Compress(coding, [.. fits, (byte)' ']), bomb[..Math.Min(bomb.Length, 4000)], bomb])
        {
            var problem = (await PostAsync(small, body, coding)).IsProblem(413, "payload-too-large");
            Assert.Equal(4096, problem.GetProperty("limit_bytes").GetInt64());
        }
    }

    [Fact]
    public async Task Body_WithoutEnd_IsReadToTheLimitAndNoFurther()
    {
        using var admission = new Admission(Microsoft.Extensions.Options.Options.Create(new Limits { BodyBytes = 100_000 }));
        var endless = new EndlessStream();
        var context = new DefaultHttpContext { Request = { Body = endless } };
        var read = await RequestBody.ReadAsync(context.Request, admission, null, TestContext.Current.CancellationToken);
        Assert.False(read.TryGet(out _, out var problem));
        Assert.Equal(413, problem.Status);
        Assert.InRange(endless.Position, 100_001, 100_000 + 16 * 1024);
    }

    public static TheoryData<string, string> Corruptions => new(
        from coding in (string[])["gzip", "br", "deflate"]
        from damage in (string[])["text", "half", "byte", "flip"]
        // brotli has no checksum
        where coding != "br" || damage != "flip"
        select (coding, damage));

    [Theory]
    [MemberData(nameof(Corruptions))]
    public async Task Request_Corrupt_Is400(string coding, string damage)
    {
        var whole = Compress(coding, Batch);
        var body = damage switch
        {
            "text" => Batch,
            "half" => whole[..(whole.Length / 2)],
            "byte" => whole[..^1],
            _ => [.. whole[..(whole.Length / 2)], (byte)(whole[whole.Length / 2] ^ 8), .. whole[(whole.Length / 2 + 1)..]],
        };
        (await PostAsync(service, body, coding)).IsProblem(400, "bad-request");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task Stream_Compressed_IsLimitedByTheLineOnly(string coding)
    {
        await using var small = new TestService(host => host.UseSetting("Limits:BodyBytes", "1024"));
        var stream = string.Concat(Enumerable.Repeat(Rows(1) + "\n", 500));
        var answer = await PostAsync(small, Compress(coding, Encoding.UTF8.GetBytes(stream)), coding, "application/x-ndjson");
        Assert.Equal(200, answer.Status);
        Assert.Contains("{\"summary\":{\"lines\":500,\"failed\":0,", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_CorruptFromTheStart_Is400() =>
        (await PostAsync(service, Batch, "gzip", "application/x-ndjson")).IsProblem(400, "bad-request");

    [Fact]
    public async Task Stream_CorruptInTheMiddle_EndsInAnErrorWithoutSummary()
    {
        var whole = Compress("gzip", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(1, 2000).Select(i => Rows(i % 7 + 1) + "\n"))));
        var answer = await PostAsync(service, whole[..(whole.Length / 2)], "gzip", "application/x-ndjson");
        var lines = answer.Text.TrimEnd('\n').Split('\n');
        Assert.True(lines.Length > 1);
        Assert.All(lines[..^1], line => Assert.Contains("\"totals\"", line, StringComparison.Ordinal));
        var last = JsonDocument.Parse(lines[^1]).RootElement;
        Assert.Equal((lines.Length, 400),
            (last.GetProperty("line").GetInt32(), last.GetProperty("error").GetProperty("status").GetInt32()));
    }

    [Theory]
    [InlineData("gzip", "gzip")]
    [InlineData("br", "br")]
    [InlineData("gzip;q=0.5, br", "br")]
    [InlineData("gzip, br;q=0", "gzip")]
    public async Task Answer_Large_IsCompressedAsAccepted(string accept, string coding)
    {
        var plain = await GetScoresAsync(service, Batch, null);
        var answer = await GetScoresAsync(service, Batch, accept);
        Assert.Equal((coding, "Accept-Encoding"), (answer.Header("Content-Encoding"), answer.Header("Vary")));
        Assert.True(answer.Body.Length < plain.Body.Length * 0.7);
        Assert.Equal(plain.Text, Encoding.UTF8.GetString(Decompress(coding, answer.Body)));
        Assert.NotNull(answer.Header("Server-Timing"));
    }

    [Theory]
    [InlineData(300, null)]
    [InlineData(300, "identity")]
    [InlineData(300, "gzip;q=0")]
    [InlineData(300, "zstd")]
    [InlineData(20, "gzip, br")]
    public async Task Answer_SmallOrNotAcceptedCompressed_IsPlain(int rows, string? accept)
    {
        var body = Encoding.UTF8.GetBytes(Rows(rows));
        var answer = await GetScoresAsync(service, body, accept);
        Assert.Null(answer.Header("Content-Encoding"));
        Assert.Equal((await service.PostAsync(Path, body)).Text, answer.Text);
    }

    [Fact]
    public async Task Answer_WhereTheSettingSaysNo_IsPlain()
    {
        await using var plain = new TestService(host => host.UseSetting("Compression:Answers", "false"));
        Assert.Null((await GetScoresAsync(plain, Batch, "gzip")).Header("Content-Encoding"));
        Assert.Equal(200, (await PostAsync(plain, Compress("gzip", Batch), "gzip")).Status);
    }

    private static string Rows(int count) =>
        $$"""{"logits":[{{string.Join(',', Enumerable.Range(0, count).Select(i => FormattableString.Invariant($"[{i % 9},{i % 5 * 0.25}]")))}}],"labels":[{{string.Join(',', Enumerable.Range(0, count).Select(i => i % 2))}}],"outputs":["gradient"]}""";

    private static Task<Answer> PostAsync(TestService service, byte[] body, string coding, string contentType = "application/json")
    {
        var content = new ByteArrayContent(body) { Headers = { ContentType = new(contentType) } };
        content.Headers.TryAddWithoutValidation("Content-Encoding", coding);
        return service.SendAsync(new(HttpMethod.Post, Path) { Content = content });
    }

    private static Task<Answer> GetScoresAsync(TestService service, byte[] body, string? accept)
    {
        var request = new HttpRequestMessage(HttpMethod.Post,
            Path)
        { Content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } } };
        if (accept is not null) request.Headers.TryAddWithoutValidation("Accept-Encoding", accept);
        return service.SendAsync(request);
    }

    private static byte[] Compress(string coding, byte[] body)
    {
        var compressed = new MemoryStream();
        using (Stream stream = coding.ToLowerInvariant() switch
        {
            "gzip" => new GZipStream(compressed, CompressionLevel.Optimal),
            "br" => new BrotliStream(compressed, CompressionLevel.Optimal),
            _ => new ZLibStream(compressed, CompressionLevel.Optimal),
        }) stream.Write(body);
        return compressed.ToArray();
    }

    private static byte[] Decompress(string coding, byte[] body)
    {
        var compressed = new MemoryStream(body);
        var plain = new MemoryStream();
        using Stream stream = coding == "gzip" ? new GZipStream(compressed, CompressionMode.Decompress)
            : new BrotliStream(compressed, CompressionMode.Decompress);
        stream.CopyTo(plain);
        return plain.ToArray();
    }

    /// <summary>Blanks for as long as anyone reads.</summary>
    private sealed class EndlessStream : MemoryStream
    {
        private long _position;

        public override long Position => _position;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            buffer.Span.Fill((byte)' ');
            _position += buffer.Length;
            return new(buffer.Length);
        }
    }
}
