using System.Text.Json;
using System.Text.Json.Serialization;

namespace LossService.Problems;

/// <summary>A failure as the client sees it: RFC 9457, <c>application/problem+json</c>.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Type">What kind of problem: a stable word, see <see cref="ProblemTypes"/>.</param>
/// <param name="Title">The same for people, always the same for a type.</param>
/// <param name="Detail">This occurrence.</param>
public sealed record Problem(int Status, string Type, string Title, string Detail) : IResult
{
    /// <summary>The media type of a problem.</summary>
    public const string MediaType = "application/problem+json";

    /// <summary>What is wrong, the first of it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ProblemError>? Errors { get; init; }

    /// <summary>How many errors there are in all.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? TotalErrors { get; init; }

    /// <summary>Where in the body the JSON breaks: the number of bytes before it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? ByteOffset { get; init; }

    /// <summary>The largest body, for a body that is larger.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? LimitBytes { get; init; }

    /// <summary>The detail once more, where clients of the Open Inference Protocol look for it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }

    /// <summary>How the fields are written: snake_case.</summary>
    internal static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = Status;
        var answer = httpContext.Request.Path.StartsWithSegments("/v2") ? this with { Error = Detail } : this;
        return httpContext.Response.WriteAsJsonAsync(answer, Json, MediaType, httpContext.RequestAborted);
    }
}
