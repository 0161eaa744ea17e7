using LossService.Problems;
using Microsoft.Net.Http.Headers;

namespace LossService.Http;

/// <summary>Whether we read what the client sends, and the client what we send.</summary>
internal static class MediaTypes
{
    /// <summary>The media type of one batch, and of its scores.</summary>
    public const string Json = "application/json";

    /// <summary>The media type of a stream of batches, one a line, and of its answers.</summary>
    public const string Ndjson = "application/x-ndjson";

    /// <summary>The problem where not; otherwise null.</summary>
    public static Problem? Refuse(HttpRequest request) => RefuseType(request) ?? RefuseAnswer(request);

    /// <summary>Whether the body is a stream of batches rather than one; the answer is then a stream, too.</summary>
    public static bool IsStream(HttpRequest request) => request.ContentType != Json && MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && Is(type, Ndjson);

    private static Problem? RefuseType(HttpRequest request)
    {
        if (request.ContentType == Json) return null;
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !(Is(type, Json) || Is(type, Ndjson))
            || type.Parameters.Any(parameter => !parameter.Value.HasValue))
            return Unsupported(request, $"Content-Type is {Quote(request.ContentType)}; a batch is {Json}, a stream of them {Ndjson}.");
        if (type.Charset.HasValue && !HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            return Unsupported(request, $"The charset is {Quote(type.Charset.Value)}; JSON is utf-8.");
        return null;
    }

    /// <summary>Of the ranges that our answer lies in, the most specific decides (RFC 9110, 12.5.1); no Accept, or none that can be read, takes anything.</summary>
    private static Problem? RefuseAnswer(HttpRequest request)
    {
        if (request.Headers.Accept.Count == 0 || request.Headers.Accept == "*/*") return null;
        var ranges = request.GetTypedHeaders().Accept;
        if (ranges.Count == 0) return null;
        var answer = IsStream(request) ? Ndjson : Json;
        var closest = ranges
            .Where(range => range.MatchesAllTypes || Is(range, answer) || (range.MatchesAllSubTypes && range.Type.Equals("application", StringComparison.OrdinalIgnoreCase)))
            .MinBy(range => (range.MatchesAllTypes, range.MatchesAllSubTypes));
        return closest is null || closest.Quality == 0 ? ProblemTypes.NotAcceptable(request.Headers.Accept!, answer) : null;
    }

    private static bool Is(MediaTypeHeaderValue type, string name) => type.MediaType.Equals(name, StringComparison.OrdinalIgnoreCase);

    private static Problem Unsupported(HttpRequest request, string detail)
    {
        request.HttpContext.Response.Headers.Accept = $"{Json}, {Ndjson}";
        return ProblemTypes.UnsupportedMediaType(detail);
    }

    private static string Quote(string? text) => string.IsNullOrEmpty(text) ? "missing" : $"\"{text}\"";
}
