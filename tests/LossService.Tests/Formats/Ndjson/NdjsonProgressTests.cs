using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using LossService.Core.Losses;
using LossService.Formats.Ndjson;
using LossService.Http;
using LossService.Requests;
using LossService.Tests.Support;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;

namespace LossService.Tests.Formats.Ndjson;

/// <summary>A stream while it lasts: answers come as lines go, and an end before its time is taken quietly.</summary>
public sealed class NdjsonProgressTests(TestService service)
{
    private const string Good = """{"logits":[[1,2]],"labels":[0]}""";

    [Theory]
    [InlineData("")]
    [InlineData("Accept-Encoding: identity\r\n")]
    public async Task Line_IsAnsweredBeforeTheNextIsSent(string header)
    {
        using var stream = await OpenAsync(header);
        for (var line = 1; line <= 3; line++)
        {
            await WriteChunkAsync(stream, Good + "\n");
            Assert.Contains($$"""{"line":{{line}},"loss":1.3132616875182228""", await ReadUntilAsync(stream, "}}\n"),
                StringComparison.Ordinal);
        }
        await WriteChunkAsync(stream, "");
        Assert.Contains("""{"summary":{"lines":3,"failed":0""", await ReadUntilAsync(stream, "0\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Line_OfACompressedStream_IsAnsweredBeforeTheNextIsSent()
    {
        using var stream = await OpenAsync("Accept-Encoding: gzip\r\n");
        await WriteChunkAsync(stream, Good + "\n");
        var head = await ReadUntilAsync(stream, "\r\n\r\n");
        Assert.Contains("Content-Encoding: gzip", head, StringComparison.Ordinal);
        // the answer is flushed through the compression: its chunk arrives while the request is still open
        Assert.Matches("^[0-9a-f]+\r\n$", await ReadUntilAsync(stream, "\r\n"));
    }

    [Fact]
    public async Task Line_CutByTheEndOfTheConnection_HasNoSummary()
    {
        using var stream = await OpenAsync("");
        await WriteChunkAsync(stream, Good + "\n" + Good[..9]);
        await ReadUntilAsync(stream, "}}\n");
        stream.Socket.Shutdown(SocketShutdown.Send);
        Assert.DoesNotContain("summary", await ReadToEndAsync(stream), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(typeof(ConnectionResetException))]
    [InlineData(typeof(OperationCanceledException))]
    [InlineData(typeof(IOException))]
    public async Task Client_ThatGoesAway_EndsTheConnectionWithoutAnError(Type gone)
    {
        var context = new DefaultHttpContext { Request = { Protocol = "HTTP/1.1" } };
        var lifetime = new Lifetime();
        context.Features.Set<IHttpRequestLifetimeFeature>(lifetime);
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes(Good + "\n"), TestContext.Current.CancellationToken);
        await pipe.Writer.CompleteAsync((Exception)Activator.CreateInstance(gone, "gone")!);
        context.Features.Set<IRequestBodyPipeFeature>(new Body(pipe.Reader));

        using var admission = new Admission(Microsoft.Extensions.Options.Options.Create(new Limits()));
        var format = new NdjsonFormat(new Scoring(new RequestValidator()), admission, NullLogger<NdjsonFormat>.Instance);
        var result = await format.AnswerAsync(LossCatalogue.Find("cross_entropy")!, context.Request, format.Writes[0]);

        Assert.Same(Results.Empty, result);
        Assert.True(lifetime.IsAborted);
    }

    private async Task<NetworkStream> OpenAsync(string header)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(service.Address.Host, service.Address.Port, TestContext.Current.CancellationToken);
        var stream = new NetworkStream(socket, ownsSocket: true);
        await WriteAsync(stream,
            $"POST /v1/losses/cross_entropy HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: "
            + $"chunked\r\n{header}\r\n");
        return stream;
    }

    private static Task WriteChunkAsync(NetworkStream stream, string text) => WriteAsync(stream, $"{text.Length:x}\r\n{text}\r\n");

    private static async Task WriteAsync(NetworkStream stream, string text) =>
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text), TestContext.Current.CancellationToken);

    private static async Task<string> ReadUntilAsync(NetworkStream stream, string end)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(20));
        var text = new StringBuilder();
        var next = new byte[1];
        while (!text.ToString().EndsWith(end, StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(next, patience.Token);
            text.Append((char)next[0]);
        }
        return text.ToString();
    }

    /// <summary>What comes until the connection ends, in whatever way.</summary>
    private static async Task<string> ReadToEndAsync(NetworkStream stream)
    {
        var rest = new MemoryStream();
        try
        {
            await stream.CopyToAsync(rest, TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
            // reset: an end, too
        }
        return Encoding.ASCII.GetString(rest.ToArray());
    }

    private sealed record Body(PipeReader Reader) : IRequestBodyPipeFeature;

    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        public bool IsAborted { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => IsAborted = true;
    }
}
