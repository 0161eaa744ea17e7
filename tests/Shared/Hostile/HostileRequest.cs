using System.IO.Compression;

namespace LossService.Tests.Shared.Hostile;

/// <summary>A request of any format, whose structure and sizes the bytes of an input decide.</summary>
internal sealed record HostileRequest
{
    /// <summary>The name of the format, as metrics have it.</summary>
    public required string Format { get; init; }

    /// <summary>The path that it is posted to.</summary>
    public required string Path { get; init; }

    /// <summary>The body, as it is sent.</summary>
    public required byte[] Body { get; init; }

    /// <summary>The length of the body before it was compressed.</summary>
    public required long PlainLength { get; init; }

    /// <summary>How many lines it has at most, or how many losses.</summary>
    public int Lines { get; init; } = 1;

    /// <summary>Whether its Content-Length is sent.</summary>
    public bool HasLength { get; init; } = true;

    /// <summary>Its headers.</summary>
    public Dictionary<string, string> Headers { get; init; } = [];

    /// <summary>Makes a request.</summary>
    /// <param name="input">Decides everything.</param>
    /// <param name="most">The most bytes of a body before it is compressed, about.</param>
    public static HostileRequest Draw(byte[] input, int most)
    {
        var choices = new Choices(input);
        var format = choices.Of("json", "ndjson", "oip_json", "oip_binary", "grpc");
        var coding = choices.Below(8) switch { 5 => "gzip", 6 => "br", 7 => "deflate", _ => null };
        var hasLength = !choices.OneIn(4);
        var room = 64 + choices.Size(most - 64);
        var body = new BodyText(room);
        var lines = 1;
        var hasSeveral = format == "json" && choices.OneIn(4);
        var headers = new Dictionary<string, string> { ["Content-Type"] = TypeOf(format) };
        HostileBatch batch;
        if (format == "ndjson") batch = JsonBody.WriteLines(body, choices, out lines);
        else
        {
            batch = HostileBatch.Draw(choices, room);
            if (format == "grpc") body.Add(InferMessage.Write(batch, choices, room, isCompressed: coding == "gzip"));
            else if (format == "json") JsonBody.Write(batch, body, choices, hasSeveral ? lines = 1 + choices.Below(2) : 0);
            else
            {
                var length = InferBody.Write(batch, body, choices, format == "oip_binary");
                if (format == "oip_binary") headers["Inference-Header-Content-Length"] = $"{length}";
            }
        }
        if (choices.OneIn(32)) body.Repeat(choices.Of(" ", "\n", "x", "\0", "}"), choices.Size(room));
        var bytes = body.Bytes.ToArray();
        if (choices.OneIn(32)) bytes = bytes[..choices.Size(bytes.Length)];
        var plain = (long)bytes.Length;
        if (format == "grpc")
        {
            headers["TE"] = "trailers";
            if (coding == "gzip") (headers["grpc-encoding"], plain) = ("gzip", room);
        }
        else if (coding is not null)
        {
            headers["Content-Encoding"] = coding;
            bytes = Compress(bytes, coding);
            if (choices.OneIn(16)) bytes = bytes[..choices.Size(bytes.Length)];
        }
        return new()
        {
            Format = format,
            Path = format switch
            {
                "grpc" => "/inference.GRPCInferenceService/ModelInfer",
                "json" when hasSeveral => "/v1/losses",
                "json" or "ndjson" => $"/v1/losses/{batch.Loss.Name}",
                _ => $"/v2/models/{batch.Loss.Name}/infer",
            },
            Headers = headers,
            HasLength = hasLength && format != "grpc",
            Body = bytes,
            PlainLength = plain,
            Lines = lines,
        };
    }

    private static string TypeOf(string format) => format switch
    {
        "ndjson" => "application/x-ndjson",
        "grpc" => "application/grpc",
        "oip_binary" => "application/octet-stream",
        _ => "application/json",
    };

    private static byte[] Compress(byte[] body, string coding)
    {
        using var compressed = new MemoryStream();
        using (Stream to = coding switch
        {
            "gzip" => new GZipStream(compressed, CompressionLevel.Fastest),
            "br" => new BrotliStream(compressed, CompressionLevel.Fastest),
            _ => new ZLibStream(compressed, CompressionLevel.Fastest),
        })
        {
            to.Write(body);
        }
        return compressed.ToArray();
    }

    private string Coding => (Headers.GetValueOrDefault("Content-Encoding") ?? Headers.GetValueOrDefault("grpc-encoding"))
        is { } coding ? $" in {coding}" : "";

    /// <inheritdoc/>
    public override string ToString() => $"POST {Path} {Format}, {Body.Length} bytes{Coding}, {PlainLength} plain, {Lines} lines";
}
