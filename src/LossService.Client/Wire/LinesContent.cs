using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.ExceptionServices;
using System.Text.Json;

namespace LossService.Client.Wire;

/// <summary>A stream of batches as lines of JSON, tensors as base64. A line is sent before the next batch is asked for.</summary>
internal sealed class LinesContent : HttpContent
{
    private static readonly Dictionary<string, string> SparseNames = new()
    {
        ["label_indices"] = "indices",
        ["label_values"] = "values",
        ["label_log_values"] = "log_values",
    };

    private readonly IAsyncEnumerable<LossBatch> _batches;
    private readonly ArrayBufferWriter<byte> _line = new(4096);
    private ExceptionDispatchInfo? _failure;

    /// <summary>The lines of some batches.</summary>
    public LinesContent(IAsyncEnumerable<LossBatch> batches)
    {
        _batches = batches;
        Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
    }

    /// <summary>The request that posts this to a path.</summary>
    public HttpRequestMessage ToRequest(string path) => new(HttpMethod.Post, path) { Content = this };

    /// <summary>Awaits what comes of the lines. Where their source failed, its exception is thrown, not that of the connection.</summary>
    public async Task<T> OrFailure<T>(Task<T> answer)
    {
        try
        {
            return await answer.ConfigureAwait(false);
        }
        catch when (_failure is not null)
        {
            _failure.Throw();
            throw;
        }
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var batches = _batches.GetAsyncEnumerator(cancellationToken);
        await using var _ = batches.ConfigureAwait(false);
        while (await MoveNextAsync(batches).ConfigureAwait(false))
        {
            await stream.WriteAsync(_line.WrittenMemory, cancellationToken).ConfigureAwait(false);
            await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Writes the next batch into the line.</summary>
    private async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<LossBatch> batches)
    {
        try
        {
            if (!await batches.MoveNextAsync().ConfigureAwait(false)) return false;
            Write(batches.Current);
            return true;
        }
        catch (Exception failure)
        {
            _failure = ExceptionDispatchInfo.Capture(failure);
            throw;
        }
    }

    private void Write(LossBatch batch)
    {
        _line.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(_line))
        {
            json.WriteStartObject();
            if (batch.Id is not null) json.WriteString("id", batch.Id);
            foreach (var (name, tensor) in batch.Tensors)
                if (!SparseNames.ContainsKey(name)) Write(name, tensor, json);
            WriteSparse(batch, json);
            if (batch.Outputs != LossOutputs.Default)
            {
                json.WriteStartArray("outputs");
                foreach (var name in OutputNames.Of(batch.Outputs)) json.WriteStringValue(name);
                json.WriteEndArray();
            }
            batch.Options.Write(json);
            json.WriteString("tensor_encoding", "base64");
            json.WriteEndObject();
        }
        _line.Write("\n"u8);
    }

    private static void Write(string name, LossTensor tensor, Utf8JsonWriter json)
    {
        json.WriteStartObject(name);
        json.WriteString("dtype", tensor.DType.NativeName());
        json.WriteStartArray("shape");
        foreach (var axis in tensor.Shape) json.WriteNumberValue(axis);
        json.WriteEndArray();
        json.WriteBase64String("data", tensor.Bytes.Span);
        json.WriteEndObject();
    }

    /// <summary>In JSON, sparse rows are one member.</summary>
    private static void WriteSparse(LossBatch batch, Utf8JsonWriter json)
    {
        if (!batch.Tensors.Keys.Any(SparseNames.ContainsKey)) return;
        json.WriteStartObject("labels");
        foreach (var (name, member) in SparseNames)
            if (batch[name] is { } tensor) Write(member, tensor, json);
        json.WriteEndObject();
    }
}
