using System.Net;
using System.Net.Sockets;
using System.Text;

namespace LossService.Benchmarks.Racing;

/// <summary>A long request of NDJSON on a connection of its own: one thread sends lines, another takes what is answered.</summary>
internal static class HttpStream
{
    /// <summary>Sends a line so many times and reads the response to its end.</summary>
    /// <exception cref="HttpRequestException">The status is not 200.</exception>
    public static void Post(int port, string path, byte[] line, int lines)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(IPAddress.Loopback, port);
        var head = Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
            + $"Content-Length: {(long)line.Length * lines}\r\nConnection: close\r\n\r\n");
        var sending = new Thread(() =>
        {
            Send(socket, head);
            for (var i = 0; i < lines; i++) Send(socket, line);
        });
        sending.Start();
        var answer = new byte[256 * 1024];
        var length = socket.Receive(answer);
        if (!answer.AsSpan(0, length).StartsWith("HTTP/1.1 200"u8))
            throw new HttpRequestException(Encoding.ASCII.GetString(answer, 0, length));
        while (socket.Receive(answer) > 0) { }
        sending.Join();
    }

    private static void Send(Socket socket, byte[] bytes)
    {
        for (var sent = 0; sent < bytes.Length;) sent += socket.Send(bytes.AsSpan(sent));
    }
}
