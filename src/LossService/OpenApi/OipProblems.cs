using LossService.Http;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;

namespace LossService.OpenApi;

/// <summary>
/// The failures of the Open Inference Protocol's routes. They are those of the native ones with one member more,
/// <c>error</c>, so each is a response of its own and shown by an infer request that fails so.
/// </summary>
internal sealed class OipProblems(ProblemResponses responses, IOptions<Limits> limits)
{
    private const string Route = "/v2/models/{model}/infer";
    private const string ErrorToo = " `error` is the detail once more, where the protocol's clients look for it.";

    /// <summary>The problems of asking for a model's page.</summary>
    public static IReadOnlyList<(int Status, string Name)> OfPages { get; } = [(404, "UnknownModel")];

    /// <summary>The problems of an infer request, by status.</summary>
    public static IReadOnlyList<(int Status, string Name)> OfInfer { get; } =
        [(400, "InferInvalidJson"), .. OfPages, (413, "InferPayloadTooLarge"), (415, "InferUnsupportedMediaType"), (422, "InferInvalidBatch")];

    /// <summary>Adds the responses to a document's components.</summary>
    public async Task AddToAsync(OpenApiDocument document)
    {
        await AddAsync("InferInvalidJson", "`invalid-json`: the body, or what should be its JSON, is not RFC 8259 JSON; `byte_offset` says where it breaks.",
            """{"inputs": [{"name": "logits", "shape": [1, 3], "datatype": "FP32", "data": [2.0, NaN, 0.1]}]}""");
        await AddAsync("UnknownModel", "`unknown-loss`: there is no loss of this name; the nearest is suggested.",
            "{}", request => request.RouteValues["model"] = "cros_entropy");
        await AddAsync("InferPayloadTooLarge", "`payload-too-large`: the body is over the limit.",
            "{}", request => request.ContentLength = limits.Value.BodyBytes + 1L);
        await AddAsync("InferUnsupportedMediaType", "`unsupported-media-type`: neither a media type nor a coding that is read here.",
            "{}", request => request.ContentType = "text/csv");
        await AddAsync("InferInvalidBatch", "`invalid-batch`: well-formed JSON that is no valid batch; `errors` points at each place.",
            """
            {"inputs": [
              {"name": "logits", "shape": [2, 3], "datatype": "FP32", "data": [2.0, 1.0, 0.1, 0.3, 2.2, 0.4]},
              {"name": "labels", "shape": [2], "datatype": "INT64", "data": [7, -1]}]}
            """);

        Task AddAsync(string name, string description, string json, Action<HttpRequest>? spoil = null) =>
            responses.AddAsync(document, name, description + ErrorToo, "POST", Route, request =>
            {
                request.RouteValues["model"] = LossesDocument.Shown;
                Rehearsal.Post(request, json);
                spoil?.Invoke(request);
            });
    }
}
