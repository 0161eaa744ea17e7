using System.Net.Sockets;
using System.Text;

namespace LossService.Tests.Support;

/// <summary>Bytes on a socket, as no well-behaved client would send them, and what came back.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly TcpClient _client = new();
    private readonly NetworkStream _stream;

    public RawClient(Uri address)
    {
        _client.Connect(address.Host, address.Port);
        _stream = _client.GetStream();
    }

    /// <summary>Sends a text, each character a byte.</summary>
    public async Task SendAsync(string text) =>
        await _stream.WriteAsync(Encoding.Latin1.GetBytes(text), TestContext.Current.CancellationToken);

    /// <summary>Says that nothing more will come.</summary>
    public void EndSending() => _client.Client.Shutdown(SocketShutdown.Send);

    /// <summary>Breaks the connection off with a reset.</summary>
    public void Reset()
    {
        _client.LingerState = new(true, 0);
        _client.Close();
    }

    /// <summary>The next bytes, as many as asked for.</summary>
    public async Task<string> ReadAsync(int length)
    {
        var bytes = new byte[length];
        await _stream.ReadExactlyAsync(bytes, TestContext.Current.CancellationToken);
        return Encoding.Latin1.GetString(bytes);
    }

    /// <summary>All that comes until the server closes the connection; null where it closed without a word.</summary>
    public async Task<RawAnswer?> ReadAsync()
    {
        using var answer = new MemoryStream();
        try
        {
            await _stream.CopyToAsync(answer, TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
            // a reset after the answer is the server's right: it did not read what we kept sending
        }
        return answer.Length == 0 ? null : new(Encoding.UTF8.GetString(answer.ToArray()));
    }

    /// <summary>One exchange: sends, and reads until the server closes.</summary>
    public static async Task<RawAnswer?> ExchangeAsync(Uri address, string text)
    {
        using var client = new RawClient(address);
        await client.SendAsync(text);
        return await client.ReadAsync();
    }

    public void Dispose() => _client.Dispose();
}

/// <summary>An answer as it stood on the wire.</summary>
internal sealed record RawAnswer(string Text)
{
    /// <summary>The status of the first answer.</summary>
    public int Status => int.Parse(Text.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>How many answers there are.</summary>
    public int Count => Text.Split("HTTP/1.1 ").Length - 1;
}
