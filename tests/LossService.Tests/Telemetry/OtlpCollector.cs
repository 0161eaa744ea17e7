using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Google.Protobuf;

namespace LossService.Tests.Telemetry;

/// <summary>Takes what is exported by OTLP over HTTP, at a loopback port of its own, and reads spans from it.</summary>
internal sealed class OtlpCollector : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly ConcurrentQueue<Span> _spans = new();

    public OtlpCollector()
    {
        Endpoint = $"http://127.0.0.1:{FreePort()}";
        _listener.Prefixes.Add(Endpoint + "/");
        _listener.Start();
        _ = Task.Run(TakeAsync);
    }

    /// <summary>The address for <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>.</summary>
    public string Endpoint { get; }

    /// <summary>The spans so far.</summary>
    public IEnumerable<Span> Spans => _spans;

    /// <summary>The bodies of the exported metrics so far.</summary>
    public ConcurrentQueue<byte[]> Metrics { get; } = new();

    public void Dispose() => ((IDisposable)_listener).Dispose();

    private async Task TakeAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            using var body = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(body);
            if (context.Request.Url!.AbsolutePath == "/v1/metrics") Metrics.Enqueue(body.ToArray());
            else
                foreach (var span in ReadSpans(body.ToArray())) _spans.Enqueue(span);
            context.Response.ContentType = "application/x-protobuf";
            context.Response.Close();
        }
    }

    /// <summary>The spans of a TracesData: resource_spans = 1, in it scope_spans = 2, in it spans = 2.</summary>
    private static IEnumerable<Span> ReadSpans(byte[] traces) =>
        from resource in Fields(traces, 1)
        from scope in Fields(resource, 2)
        from span in Fields(scope, 2)
        select new Span(Hex(span, 1), Hex(span, 2), Hex(span, 4), Fields(span, 5).Single().ToStringUtf8());

    private static string Hex(ByteString span, int field) =>
        Convert.ToHexStringLower(Fields(span, field).FirstOrDefault(ByteString.Empty).Span);

    private static List<ByteString> Fields(byte[] message, int field) => Fields(ByteString.CopyFrom(message), field);

    /// <summary>The values of a field whose values have a length.</summary>
    private static List<ByteString> Fields(ByteString message, int field)
    {
        var values = new List<ByteString>();
        var input = message.CreateCodedInput();
        while (input.ReadTag() is > 0 and var tag)
        {
            if (tag == WireFormat.MakeTag(field, WireFormat.WireType.LengthDelimited)) values.Add(input.ReadBytes());
            else input.SkipLastField();
        }
        return values;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>A span: its ids in hexadecimal, and its name.</summary>
    internal sealed record Span(string Trace, string Id, string Parent, string Name);
}
