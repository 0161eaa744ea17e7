using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Json;

namespace LossService.Client.Wire;

/// <summary>A batch with several losses: one JSON object each way.</summary>
internal static class SeveralLosses
{
    private const string Path = "v1/losses";

    /// <summary>The request of a batch.</summary>
    public static HttpRequestMessage Write(IReadOnlyDictionary<string, LossEntry> losses, LossBatch batch, bool combined)
    {
        var body = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteStartObject("losses");
            foreach (var (name, entry) in losses) Write(json, name, entry);
            json.WriteEndObject();
            json.WriteBoolean("combined", combined);
            BatchJson.Write(json, batch);
            json.WriteEndObject();
        }
        return new(HttpMethod.Post, Path)
        {
            Content = new ReadOnlyMemoryContent(body.WrittenMemory)
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
            },
        };
    }

    /// <summary>Reads the answer.</summary>
    /// <exception cref="HttpRequestException">It broke off, or is none of the service's.</exception>
    public static async ValueTask<LossScoreSet> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        try
        {
            var body = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            await using var _ = body.ConfigureAwait(false);
            using var json = await JsonDocument.ParseAsync(body, default, cancellation).ConfigureAwait(false);
            return ScoresJson.ReadSet(json.RootElement);
        }
        catch (IOException broken)
        {
            throw new HttpRequestException(HttpRequestError.ResponseEnded, "the answer broke off", broken);
        }
        catch (Exception other) when (other is JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            throw new HttpRequestException(
                HttpRequestError.InvalidResponse, $"the answer is not one of LossService: {other.Message}", other);
        }
    }

    private static void Write(Utf8JsonWriter json, string name, LossEntry entry)
    {
        json.WriteStartObject(name);
        if (entry.Loss is { } loss) json.WriteString("loss", loss);
        if (entry.Weight is { } weight) json.WriteNumber("weight", weight);
        if (entry.LabelsFrom is { } labels) json.WriteString("labels_from", labels);
        BatchJson.WriteOutputs(json, entry.Outputs);
        entry.Options.Write(json);
        json.WriteEndObject();
    }
}
