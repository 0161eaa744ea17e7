using LossService.Problems;
using Microsoft.Net.Http.Headers;

namespace LossService.Http;

/// <summary>Content negotiation: which media type a request has, and which one its response gets.</summary>
internal static class MediaTypes
{
    /// <summary>Finds the media type that Content-Type names.</summary>
    /// <param name="http">The request.</param>
    /// <param name="known">The types that the route reads.</param>
    /// <returns>The type; 415 where the route does not read it, with the known types in the header Accept.</returns>
    public static Result<MediaType> FindPosted(HttpRequest http, IReadOnlyList<MediaType> known)
    {
        var contentType = http.ContentType;
        // the usual spelling needs no parser
        for (var i = 0; i < known.Count; i++)
            if (known[i].Name == contentType) return known[i];

        if (!MediaTypeHeaderValue.TryParse(contentType, out var posted)
            || known.FirstOrDefault(type => IsNamed(posted, type)) is not { } found
            || (found.Charset is not null && posted.Parameters.Any(parameter => !parameter.Value.HasValue)))
            return Unsupported(http, known,
                $"Content-Type is {Quote(contentType)}; expected {Join(known, " or ")}.");
        if (found.Charset is not null && posted.Charset.HasValue
            && !HeaderUtilities.RemoveQuotes(posted.Charset).Equals(found.Charset, StringComparison.OrdinalIgnoreCase))
            return Unsupported(http, known, $"The charset is {Quote(posted.Charset.Value)}; expected {found.Charset}.");
        return found;
    }

    /// <summary>
    /// Finds the media type that Accept prefers. Of the ranges that include a type, the most specific gives its quality (RFC 9110,
    /// 12.5.1). Without Accept, or with one that cannot be parsed, it is the first type.
    /// </summary>
    /// <param name="http">The request.</param>
    /// <param name="offered">The types that the response can have, the preferred first.</param>
    /// <returns>The type; 406 where the client accepts none.</returns>
    public static Result<MediaType> FindAccepted(HttpRequest http, IReadOnlyList<MediaType> offered)
    {
        var accept = http.Headers.Accept;
        if (accept.Count == 0 || accept == "*/*") return offered[0];
        var ranges = http.GetTypedHeaders().Accept;
        if (ranges.Count == 0) return offered[0];
        var preferred = offered.MaxBy(type => Quality(type, ranges))!;
        return Quality(preferred, ranges) > 0 ? preferred : ProblemTypes.NotAcceptable(accept!, Join(offered, " or "));
    }

    private static double Quality(MediaType type, IList<MediaTypeHeaderValue> ranges)
    {
        var closest = ranges.Where(range => Includes(range, type)).MinBy(range => (range.MatchesAllTypes, range.MatchesAllSubTypes));
        return closest is null ? 0 : closest.Quality ?? 1;
    }

    private static bool Includes(MediaTypeHeaderValue range, MediaType type) =>
        range.MatchesAllTypes || IsNamed(range, type)
        || (range.MatchesAllSubTypes && type.Name.StartsWith($"{range.Type}/", StringComparison.OrdinalIgnoreCase));

    private static bool IsNamed(MediaTypeHeaderValue header, MediaType type) =>
        header.MediaType.Equals(type.Name, StringComparison.OrdinalIgnoreCase);

    private static Problem Unsupported(HttpRequest http, IReadOnlyList<MediaType> known, string detail)
    {
        http.HttpContext.Response.Headers.Accept = Join(known, ", ");
        return ProblemTypes.UnsupportedMediaType(detail);
    }

    private static string Join(IReadOnlyList<MediaType> types, string separator) => string.Join(separator, types.Select(type => type.Name));

    private static string Quote(string? text) => string.IsNullOrEmpty(text) ? "missing" : ClientText.Quote(text);
}
