using LossService.Problems;
using Microsoft.Net.Http.Headers;

namespace LossService;

/// <summary>Whether we read what the client sends, and the client what we send.</summary>
internal static class Negotiation
{
    private const string Json = "application/json";

    /// <summary>The problem where not; otherwise null.</summary>
    public static Problem? Refuse(HttpRequest request) => RefuseType(request) ?? RefuseCoding(request) ?? RefuseAnswer(request);

    private static Problem? RefuseType(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals(Json, StringComparison.OrdinalIgnoreCase)
            || type.Parameters.Any(parameter => !parameter.Value.HasValue))
            return Unsupported(request, $"Content-Type is {Quote(request.ContentType)}; a batch is {Json}.");
        if (type.Charset.HasValue && !HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            return Unsupported(request, $"The charset is {Quote(type.Charset.Value)}; JSON is utf-8.");
        return null;
    }

    private static Problem? RefuseCoding(HttpRequest request)
    {
        if (request.Headers.ContentEncoding.Count == 0 || request.Headers.ContentEncoding == "identity") return null;
        request.HttpContext.Response.Headers.AcceptEncoding = "identity";
        return Problems.Problems.UnsupportedMediaType($"Content-Encoding is {Quote(request.Headers.ContentEncoding)}; the body may only be sent as it is.");
    }

    /// <summary>Of the ranges that JSON lies in, the most specific decides (RFC 9110, 12.5.1); no Accept, or none that can be read, takes anything.</summary>
    private static Problem? RefuseAnswer(HttpRequest request)
    {
        var ranges = request.GetTypedHeaders().Accept;
        if (ranges.Count == 0) return null;
        var closest = ranges
            .Where(range => range.MatchesAllTypes || range.MediaType.Equals(Json, StringComparison.OrdinalIgnoreCase) || (range.MatchesAllSubTypes && range.Type.Equals("application", StringComparison.OrdinalIgnoreCase)))
            .MinBy(range => (range.MatchesAllTypes, range.MatchesAllSubTypes));
        return closest is null || closest.Quality == 0 ? Problems.Problems.NotAcceptable(request.Headers.Accept!, Json) : null;
    }

    private static Problem Unsupported(HttpRequest request, string detail)
    {
        request.HttpContext.Response.Headers.Accept = Json;
        return Problems.Problems.UnsupportedMediaType(detail);
    }

    private static string Quote(string? text) => string.IsNullOrEmpty(text) ? "missing" : $"\"{text}\"";
}
