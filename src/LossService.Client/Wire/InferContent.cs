using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace LossService.Client.Wire;

/// <summary>A batch as an infer request of the Open Inference Protocol: JSON, then the bytes of each tensor from where they are.</summary>
internal sealed class InferContent : HttpContent
{
    /// <summary>The header with the number of bytes of a body that are JSON.</summary>
    public const string JsonLength = "Inference-Header-Content-Length";

    private static readonly MediaTypeHeaderValue Binary = new("application/octet-stream");

    private readonly ArrayBufferWriter<byte> _json = new(512);
    private readonly LossTensor[] _tensors;

    /// <summary>Writes the JSON of a batch.</summary>
    public InferContent(LossBatch batch)
    {
        Headers.ContentType = Binary;
        _tensors = [.. batch.Tensors.Values];
        using var json = new Utf8JsonWriter(_json);
        json.WriteStartObject();
        if (batch.Id is not null) json.WriteString("id", batch.Id);
        json.WriteStartArray("inputs");
        foreach (var (name, tensor) in batch.Tensors) WriteInput(json, name, tensor);
        json.WriteEndArray();
        json.WriteStartObject("parameters");
        batch.Options.Write(json);
        json.WriteBoolean("binary_data_output", true);
        json.WriteEndObject();
        if (batch.Outputs != LossOutputs.Default) WriteOutputs(json, batch);
        json.WriteEndObject();
    }

    /// <summary>The request that posts this to a path.</summary>
    public HttpRequestMessage ToRequest(string path) => new(HttpMethod.Post, path)
    {
        Content = this,
        Headers = { { JsonLength, _json.WrittenCount.ToString(CultureInfo.InvariantCulture) } },
    };

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = _json.WrittenCount + _tensors.Sum(tensor => (long)tensor.Bytes.Length);
        return true;
    }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(_json.WrittenMemory, cancellationToken).ConfigureAwait(false);
        foreach (var tensor in _tensors) await stream.WriteAsync(tensor.Bytes, cancellationToken).ConfigureAwait(false);
    }

    private static void WriteInput(Utf8JsonWriter json, string name, LossTensor tensor)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("datatype", tensor.DType.Datatype());
        json.WriteStartArray("shape");
        foreach (var axis in tensor.Shape) json.WriteNumberValue(axis);
        json.WriteEndArray();
        json.WriteStartObject("parameters");
        json.WriteNumber("binary_data_size", tensor.Bytes.Length);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteOutputs(Utf8JsonWriter json, LossBatch batch)
    {
        json.WriteStartArray("outputs");
        foreach (var name in OutputNames.Of(batch.Outputs))
            foreach (var part in name == OutputNames.Metrics ? OutputNames.PartsOfMetrics(batch.Options) : [name])
            {
                json.WriteStartObject();
                json.WriteString("name", part);
                json.WriteEndObject();
            }
        json.WriteEndArray();
    }
}
