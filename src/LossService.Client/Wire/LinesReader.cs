using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace LossService.Client.Wire;

/// <summary>Reads the answers to a stream of batches, line by line.</summary>
internal sealed class LinesReader(Stream stream, CancellationToken cancellation) : IAsyncDisposable
{
    private static readonly JsonTypeInfo<JsonElement> Line = JsonMetadataServices.CreateValueInfo<JsonElement>(
        new() { TypeInfoResolver = JsonTypeInfoResolver.Combine() }, JsonMetadataServices.JsonElementConverter);

    private readonly IAsyncEnumerator<JsonElement> _lines =
        JsonSerializer.DeserializeAsyncEnumerable(stream, Line, topLevelValues: true, cancellation).GetAsyncEnumerator(cancellation);

    /// <summary>The last line, which sums up the others; null where it did not come.</summary>
    public LossSummary? Summary { get; private set; }

    /// <summary>Reads the next answer.</summary>
    /// <returns>Null after the last one.</returns>
    /// <exception cref="HttpRequestException">The answers broke off, or are none of the service's.</exception>
    public async Task<LossAnswer?> ReadAsync()
    {
        try
        {
            if (!await _lines.MoveNextAsync().ConfigureAwait(false)) return null;
            var line = _lines.Current;
            if (!line.TryGetProperty("summary", out var summary)) return ToAnswer(line);
            Summary = new(
                summary.GetProperty("lines").GetInt64(), summary.GetProperty("failed").GetInt64(), JsonValues.GetTotals(summary),
                JsonValues.GetNumber(summary, OutputNames.Loss), JsonMetrics.Read(summary));
            return null;
        }
        catch (IOException broken)
        {
            throw new HttpRequestException(HttpRequestError.ResponseEnded, "the answers of the stream broke off", broken);
        }
        catch (Exception other) when (other is JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            throw new HttpRequestException(
                HttpRequestError.InvalidResponse, $"the answer is not one of LossService: {other.Message}", other);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _lines.DisposeAsync().ConfigureAwait(false);
        await stream.DisposeAsync().ConfigureAwait(false);
    }

    private static LossAnswer ToAnswer(JsonElement line)
    {
        var number = line.GetProperty("line").GetInt64();
        if (line.TryGetProperty("error", out var problem)) return new(number, ProblemReader.Read(problem));
        return new(number, ScoresJson.Read(line));
    }
}
