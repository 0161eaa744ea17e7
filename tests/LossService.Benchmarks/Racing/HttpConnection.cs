using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace LossService.Benchmarks.Racing;

/// <summary>
/// One HTTP/1.1 connection over a blocking socket: a message goes out in one piece and the answer is read as
/// fast as it comes, so that next to none of the measured time is the client's.
/// </summary>
internal sealed class HttpConnection : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[256 * 1024];
    private int _start;
    private int _end;

    /// <summary>Connects to loopback.</summary>
    /// <exception cref="SocketException">No one listens.</exception>
    public HttpConnection(int port) : this(IPAddress.Loopback, port) { }

    /// <summary>Connects.</summary>
    /// <exception cref="SocketException">No one listens.</exception>
    public HttpConnection(IPAddress address, int port)
    {
        try
        {
            _socket.Connect(address, port);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    /// <summary>A whole POST: head and body.</summary>
    public static byte[] Message(string path, byte[] body, string contentType = "application/json", string moreHeaders = "") =>
        [.. Encoding.ASCII.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {contentType}\r\n"
            + $"Content-Length: {body.Length}\r\n{moreHeaders}\r\n"), .. body];

    /// <summary>Sends a message and reads the answer to its end.</summary>
    /// <param name="message">From <see cref="Message"/>.</param>
    /// <param name="answer">Where the answer's body is kept; null = nowhere.</param>
    /// <returns>The bytes of the answer's body.</returns>
    /// <exception cref="HttpRequestException">The status is not 200; the connection is spent then.</exception>
    public long Post(byte[] message, Stream? answer = null)
    {
        Send(message);
        return Receive(answer);
    }

    /// <summary>Sends a message; <see cref="Receive(Stream?)"/> reads the answer.</summary>
    public void Send(byte[] message)
    {
        for (var sent = 0; sent < message.Length;) sent += _socket.Send(message.AsSpan(sent));
    }

    /// <summary>Reads an answer to its end.</summary>
    /// <inheritdoc cref="Post"/>
    public long Receive(Stream? answer = null)
    {
        var status = ReadLine();
        if (!status.StartsWith("HTTP/1.1 200"u8))
            throw new HttpRequestException(Encoding.ASCII.GetString(status), null, (HttpStatusCode)int.Parse(status[9..12]));

        var length = -1L;
        for (var line = ReadLine(); line.Length > 0; line = ReadLine())
            if (Ascii.EqualsIgnoreCase(line[..Math.Min(line.Length, 15)], "content-length:"u8)) length = long.Parse(line[15..]);
        if (length >= 0)
        {
            Read(length, answer);
            return length;
        }

        for (length = 0; ;)
        {
            if (!Utf8Parser.TryParse(ReadLine(), out int chunk, out _, 'x')) throw new HttpRequestException("that is no chunk");
            Read(chunk, answer);
            length += chunk;
            if (chunk > 0) ReadLine();
            else break;
        }
        while (ReadLine().Length > 0) { } // trailers
        return length;
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private ReadOnlySpan<byte> ReadLine()
    {
        int length;
        while ((length = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n"u8)) < 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            Fill();
        }
        _start += length + 2;
        return _buffer.AsSpan(_start - length - 2, length);
    }

    private void Read(long count, Stream? answer)
    {
        while (count > 0)
        {
            if (_start == _end)
            {
                (_start, _end) = (0, 0);
                Fill();
            }
            var part = (int)Math.Min(count, _end - _start);
            answer?.Write(_buffer, _start, part);
            _start += part;
            count -= part;
        }
    }

    private void Fill()
    {
        var received = _socket.Receive(_buffer, _end, _buffer.Length - _end, SocketFlags.None);
        if (received == 0) throw new HttpRequestException("the server closed the connection");
        _end += received;
    }
}
