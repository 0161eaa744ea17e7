using System.Net.Mime;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LossService.Problems;

/// <summary>A failure as the client sees it: RFC 9457, <c>application/problem+json</c>.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Type">The type of the problem, one of <c>ProblemNames</c>.</param>
/// <param name="Title">The type in words, always the same for a type.</param>
/// <param name="Detail">What went wrong this time.</param>
public sealed record Problem(int Status, string Type, string Title, string Detail) : IResult
{
    /// <summary>The media type of a problem.</summary>
    public const string MediaType = "application/problem+json";

    /// <summary>The first errors of a batch.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ProblemError>? Errors { get; init; }

    /// <summary>How many errors the batch has in all.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? TotalErrors { get; init; }

    /// <summary>Where the JSON is broken: the number of bytes before that place.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? ByteOffset { get; init; }

    /// <summary>The limit that the body exceeds.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? LimitBytes { get; init; }

    /// <summary>Further fields: one for each <see cref="DetailAlias"/> of the path.</summary>
    [JsonExtensionData]
    public IDictionary<string, object>? Extensions { get; private init; }

    /// <summary>How the service writes its own JSON: names in snake_case.</summary>
    internal static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = Status;
        var aliases = httpContext.RequestServices.GetServices<DetailAlias>()
            .Where(alias => httpContext.Request.Path.StartsWithSegments(alias.Path)).ToArray();
        var fields = aliases.ToDictionary(alias => alias.Field, _ => (object)Detail);
        var isPlain = aliases.Length > 0 && !httpContext.Request.Headers.Accept.ToString().Contains(MediaType, StringComparison.Ordinal);
        return httpContext.Response.WriteAsJsonAsync(
            this with { Extensions = fields }, Json, isPlain ? MediaTypeNames.Application.Json : MediaType, httpContext.RequestAborted);
    }
}
