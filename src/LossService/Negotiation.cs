using LossService.Problems;
using Microsoft.Net.Http.Headers;

namespace LossService;

/// <summary>Whether we read what the client sends, and the client what we send.</summary>
internal static class Negotiation
{
    private const string Json = "application/json";

    /// <summary>The problem where not; otherwise null.</summary>
    public static Problem? Refuse(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || type.MediaType != Json)
            return Unsupported(request, $"Content-Type is {Quote(request.ContentType)}; a batch is {Json}.");
        if (type.Charset.HasValue && !type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) && !type.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase))
            return Unsupported(request, $"The charset is {Quote(type.Charset.Value)}; JSON is utf-8.");
        if (request.Headers.ContentEncoding.Count > 0 && request.Headers.ContentEncoding != "identity")
        {
            request.HttpContext.Response.Headers.AcceptEncoding = "identity";
            return Problems.Problems.UnsupportedMediaType($"Content-Encoding is {Quote(request.Headers.ContentEncoding)}; the body may only be sent as it is.");
        }
        var accept = request.GetTypedHeaders().Accept;
        if (accept.Count > 0 && !accept.Any(range => range.Quality != 0 && (range.MatchesAllTypes || range.IsSubsetOf(new(Json)) || new MediaTypeHeaderValue(Json).IsSubsetOf(range))))
            return Problems.Problems.NotAcceptable(request.Headers.Accept!, Json);
        return null;
    }

    private static Problem Unsupported(HttpRequest request, string detail)
    {
        request.HttpContext.Response.Headers.Accept = Json;
        return Problems.Problems.UnsupportedMediaType(detail);
    }

    private static string Quote(string? text) => string.IsNullOrEmpty(text) ? "missing" : $"\"{text}\"";
}
