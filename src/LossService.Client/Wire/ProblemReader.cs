using System.Text;
using System.Text.Json;

namespace LossService.Client.Wire;

/// <summary>Reads problems: of the service, and of whatever else may answer at its address.</summary>
internal static class ProblemReader
{
    /// <summary>As much as is kept of an answer that is no problem.</summary>
    private const int MaxText = 200;

    /// <summary>As much as is read: the service's problems have at most twenty errors.</summary>
    private const int MaxBytes = 256 * 1024;

    /// <summary>Reads the problem of an answer.</summary>
    public static async Task<LossProblem> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var body = await ReadBodyAsync(response, cancellation).ConfigureAwait(false);
        return (TryParse(body) ?? Describe(response, body)) with
        {
            RetryAfter = response.Headers.RetryAfter?.Delta,
            RequestId = response.Headers.TryGetValues("X-Request-Id", out var ids) ? ids.FirstOrDefault() : null,
        };
    }

    /// <summary>Reads a problem.</summary>
    public static LossProblem Read(JsonElement json) => new(
        json.GetProperty("status").GetInt32(), json.GetProperty("type").GetString()!, json.GetProperty("title").GetString()!,
        json.GetProperty("detail").GetString()!)
    {
        Errors = json.TryGetProperty("errors", out var errors)
            ? [.. errors.EnumerateArray().Select(error =>
                new LossProblemError(error.GetProperty("pointer").GetString()!, error.GetProperty("detail").GetString()!))]
            : [],
        TotalErrors = json.TryGetProperty("total_errors", out var total) ? total.GetInt64() : 0,
        LimitBytes = json.TryGetProperty("limit_bytes", out var limit) ? limit.GetInt64() : null,
    };

    private static LossProblem? TryParse(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return Read(document.RootElement);
        }
        catch (Exception other) when (other is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    /// <summary>What a proxy, or another server, says.</summary>
    private static LossProblem Describe(HttpResponseMessage response, ReadOnlyMemory<byte> body)
    {
        var title = response.ReasonPhrase is { Length: > 0 } reason ? reason : response.StatusCode.ToString();
        var text = Encoding.UTF8.GetString(body.Span[..Math.Min(body.Length, MaxText)]).Trim();
        return new((int)response.StatusCode, "about:blank", title, text.Length > 0 ? $"{title}: {text}" : title);
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var bytes = new byte[Math.Min(response.Content.Headers.ContentLength ?? MaxBytes, MaxBytes)];
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            await using var _ = stream.ConfigureAwait(false);
            var length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellation).ConfigureAwait(false);
            return bytes.AsMemory(0, length);
        }
        catch (IOException)
        {
            // the status is known, which counts more than why its text broke off
            return default;
        }
    }
}
