using System.Globalization;
using LossService.Http;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;

namespace LossService.OpenApi;

/// <summary>
/// The problems of the native routes. Each is one shared response, whose example is the response to a request that fails this
/// way.
/// </summary>
internal sealed class ProblemResponses(Rehearsal rehearsal, IOptions<Limits> limits)
{
    private const string One = "/v1/losses/{loss}";
    private const string CrossEntropy = "/v1/losses/cross_entropy";

    /// <summary>The problems of scoring, by status.</summary>
    public static IReadOnlyList<(int Status, string Name)> OfScoring { get; } =
        [(400, "InvalidJson"), (406, "NotAcceptable"), (413, "PayloadTooLarge"), (415, "UnsupportedMediaType"), (422, "InvalidBatch")];

    /// <summary>The problems of a request for a page.</summary>
    public static IReadOnlyList<(int Status, string Name)> OfPages { get; } = [(404, "UnknownLoss")];

    /// <summary>Adds the responses to a document's components.</summary>
    public async Task AddToAsync(OpenApiDocument document)
    {
        await AddAsync(document, "InvalidJson",
            "`invalid-json`: the body is not valid JSON (RFC 8259); `byte_offset` is the position of the error.",
            "POST", CrossEntropy, request => Rehearsal.Post(request, """{"logits": [[2.0, NaN, 0.1]], "labels": [0]}"""));
        await AddAsync(document, "UnknownLoss", "`unknown-loss`: no loss has this name; the detail suggests the nearest one.",
            "GET", One, request => request.RouteValues["loss"] = "cros_entropy");
        await AddAsync(document, "NotAcceptable", "`not-acceptable`: the Accept header excludes the media type of the response.",
            "POST", CrossEntropy, request =>
            {
                Rehearsal.Post(request, "{}");
                request.Headers.Accept = "text/html";
            });
        await AddAsync(document, "PayloadTooLarge", "`payload-too-large`: the body is larger than `limit_bytes`.",
            "POST", CrossEntropy, request =>
            {
                Rehearsal.Post(request, "{}");
                request.ContentLength = limits.Value.BodyBytes + 1L;
            });
        await AddAsync(document, "UnsupportedMediaType",
            "`unsupported-media-type`: the media type or the content coding of the body is not supported.",
            "POST", CrossEntropy, request => request.ContentType = "text/csv");
        await AddAsync(document, "InvalidBatch",
            "`invalid-batch`: valid JSON, but not a valid batch; `errors` lists the place and cause of each error.",
            "POST", CrossEntropy, request => Rehearsal.Post(request, """
                {"logits": [[2.0, 1.0, 0.1], [0.3, 2.2, 0.4], [1.5, -0.5, 0.2]], "labels": [0, 7, -1]}
                """));
    }

    /// <summary>Adds references to problems to the responses of an operation.</summary>
    public static void AddTo(OpenApiResponses responses, IEnumerable<(int Status, string Name)> problems, OpenApiDocument document)
    {
        foreach (var (status, name) in problems)
            responses[status.ToString(CultureInfo.InvariantCulture)] = new OpenApiResponseReference(name, document);
    }

    /// <summary>Adds one response, whose example is the response to a request.</summary>
    public async Task AddAsync(
        OpenApiDocument document, string name, string description, string method, string route, Action<HttpRequest> prepare,
        string mediaType = Problems.Problem.MediaType)
    {
        var example = await rehearsal.AnswerAsync(method, route, prepare);
        document.AddComponent<IOpenApiResponse>(name, new OpenApiResponse
        {
            Description = description,
            Content = new Dictionary<string, IOpenApiMediaType>
            {
                [mediaType] = new OpenApiMediaType { Schema = Schemas.Ref(Schemas.Problem, document), Example = example },
            },
        });
    }
}
