using System.Globalization;
using System.Net.Sockets;
using System.Text;
using LossService.Http;
using LossService.Tests.Support;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Serilog.Events;

namespace LossService.Tests.Formats.Ndjson;

/// <summary>A client that sends all before it reads gets its responses, up to a limit that a last line names.</summary>
public sealed class NdjsonHoldingTests
{
    private const string Row = "[0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9]";

    /// <summary>Of 64 rows; its response is of 60 KB.</summary>
    private static readonly string Line = $"{{\"outputs\":[\"gradient\"],\"labels\":[{string.Join(',', Enumerable.Repeat('1', 64))}],"
        + $"\"logits\":[{string.Join(',', Enumerable.Repeat(Row, 64))}]}}\n";

    [Fact]
    public async Task Client_ThatSendsAllBeforeItReads_GetsEveryResponse()
    {
        const int Lines = 400;
        using var service = new TestService(_ => { });
        using var socket = await ConnectAsync(service);
        await SendAsync(socket, Head);
        for (var i = 0; i < Lines; i++) await SendChunkAsync(socket, Line);
        await SendAsync(socket, "0\r\n\r\n");
        var answer = await ReadToEndAsync(socket);
        Assert.Contains($"\"lines\":{Lines},\"failed\":0", answer, StringComparison.Ordinal);
        var memory = service.Services.GetRequiredService<Admission>().Memory;
        for (var i = 0; i < 200 && memory.Used > 0; i++) await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Equal(0, memory.Used);
    }

    [Fact]
    public async Task Client_ThatNeverReads_IsToldSoAndLogged()
    {
        var log = new LogLines();
        using var service = new TestService(host => host
            .UseSetting("Limits:HeldResponseBytes", "65536").UseSetting("Limits:StallSeconds", "1")
            .ConfigureTestServices(log.Replace));
        // without room in the socket, what the client does not take is soon held
        using var socket = await ConnectAsync(service, receiveBuffer: 64 * 1024);
        await SendAsync(socket, Head);
        for (var i = 0; i < 1000; i++) await SendChunkAsync(socket, Line);
        await SendAsync(socket, "0\r\n\r\n");
        // the system may take all lines at once, before the service has waited for a second
        for (var i = 0; i < 600 && !log.All.Any(IsEnd); i++) await Task.Delay(50, TestContext.Current.CancellationToken);
        var answer = await ReadToEndAsync(socket);
        Assert.Contains("read responses while you send lines", answer, StringComparison.Ordinal);
        Assert.Contains("Limits:StallSeconds", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("summary", answer, StringComparison.Ordinal);
        Assert.Contains(log.All, IsEnd);
        Assert.DoesNotContain(log.All, line => line.Level >= LogEventLevel.Error);
    }

    [Fact]
    public async Task Line_ThatComesTooSlowly_EndsTheStream()
    {
        using var service = new TestService(host => host.UseSetting("Limits:GraceSeconds", "2"));
        using var socket = await ConnectAsync(service);
        await SendAsync(socket, Head);
        await SendChunkAsync(socket, Line);
        await SendChunkAsync(socket, Line[..100]);
        var answer = await ReadToEndAsync(socket);
        Assert.Contains("{\"line\":1,\"gradient\"", answer, StringComparison.Ordinal);
        Assert.Contains("The line came at less than 65536 bytes a second (Limits:BytesPerSecond).", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("summary", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_ThatPausesTooLong_Ends()
    {
        using var service = new TestService(host => host.UseSetting("Limits:PauseSeconds", "1"));
        using var socket = await ConnectAsync(service);
        await SendAsync(socket, Head);
        await SendChunkAsync(socket, Line);
        Assert.Contains("A stream may pause for 1 seconds (Limits:PauseSeconds)", await ReadToEndAsync(socket), StringComparison.Ordinal);
    }

    private static bool IsEnd(LogEvent line) => line.Level == LogEventLevel.Warning
        && line.RenderMessage(CultureInfo.InvariantCulture).Contains("A stream ended", StringComparison.Ordinal);

    private static string Head => "POST /v1/losses/cross_entropy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        + "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";

    private static async Task<Socket> ConnectAsync(TestService service, int? receiveBuffer = null)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        if (receiveBuffer is { } bytes) socket.ReceiveBufferSize = bytes;
        await socket.ConnectAsync(service.Address.Host, service.Address.Port, TestContext.Current.CancellationToken);
        return socket;
    }

    private static Task SendChunkAsync(Socket socket, string text) => SendAsync(socket, $"{text.Length:x}\r\n{text}\r\n");

    private static async Task SendAsync(Socket socket, string text)
    {
        ReadOnlyMemory<byte> bytes = Encoding.ASCII.GetBytes(text);
        while (!bytes.IsEmpty) bytes = bytes[await socket.SendAsync(bytes, TestContext.Current.CancellationToken)..];
    }

    private static async Task<string> ReadToEndAsync(Socket socket)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        var text = new StringBuilder();
        var buffer = new byte[64 * 1024];
        try
        {
            while (await socket.ReceiveAsync(buffer, patience.Token) is > 0 and var count)
                text.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }
        catch (SocketException)
        {
            // a reset after the last line: the server did not read what was still sent
        }
        return text.ToString();
    }
}
