using System.Globalization;
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

    /// <summary>After how many seconds the same request may succeed: the header <c>Retry-After</c>.</summary>
    [JsonIgnore]
    internal int? RetryAfter { get; init; }

    /// <summary>Why the service refuses what it could serve at another time or pace: memory, queue, deadline or slow.</summary>
    [JsonIgnore]
    internal string? Shed { get; init; }

    /// <summary>Whether the connection ends with the response, so that the rest of the body need not be read.</summary>
    [JsonIgnore]
    internal bool ClosesConnection { get; init; }

    /// <summary>A body that is read to its end rather than cut off.</summary>
    private const int SmallRest = 256 * 1024;

    /// <summary>How long a client has to take a response before its connection ends with a body that nobody reads.</summary>
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(1);

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
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        httpContext.Features.Set(this);
        response.StatusCode = Status;
        if (RetryAfter is { } seconds) response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        var closes = ClosesConnection && HttpProtocol.IsHttp11(httpContext.Request.Protocol);
        if (closes) response.Headers.Connection = "close";
        var aliases = httpContext.RequestServices.GetServices<DetailAlias>()
            .Where(alias => httpContext.Request.Path.StartsWithSegments(alias.Path)).ToArray();
        var fields = aliases.ToDictionary(alias => alias.Field, _ => (object)Detail);
        var isPlain = aliases.Length > 0 && !httpContext.Request.Headers.Accept.ToString().Contains(MediaType, StringComparison.Ordinal);
        await response.WriteAsJsonAsync(
            this with { Extensions = fields }, Json, isPlain ? MediaTypeNames.Application.Json : MediaType, httpContext.RequestAborted);
        if (closes) await CloseAsync(httpContext);
    }

    /// <summary>Ends the connection. The server would first read what is left of the body, for up to five seconds.</summary>
    private static async Task CloseAsync(HttpContext context)
    {
        // what is small has arrived; what is long fills the buffers of the connection while its client takes the response
        if (context.Request.ContentLength <= SmallRest) return;
        await context.Response.CompleteAsync();
        await Task.Delay(Goodbye, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        context.Abort();
    }
}
