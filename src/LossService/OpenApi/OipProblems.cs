using System.Net.Mime;
using LossService.Http;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;

namespace LossService.OpenApi;

/// <summary>
/// The failures of the Open Inference Protocol's routes. They have one member more than the native ones, <c>error</c>, so each is
/// a response of its own; its example is the response to an infer request that fails.
/// </summary>
internal sealed class OipProblems(ProblemResponses responses, IOptions<Limits> limits)
{
    private const string Route = "/v2/models/{model}/infer";
    private const string ErrorToo = " `error` repeats the detail: clients of the protocol read it there, "
        + "and only in `application/json`; with an Accept that names it, this is `application/problem+json`.";

    /// <summary>The problems of a request for a model's metadata.</summary>
    public static IReadOnlyList<(int Status, string Name)> OfPages { get; } = [(404, "UnknownModel")];

    /// <summary>The problems of an infer request, by status.</summary>
    public static IReadOnlyList<(int Status, string Name)> OfInfer { get; } =
    [
        (400, "InferInvalidJson"), .. OfPages, (413, "InferPayloadTooLarge"), (422, "InferInvalidBatch"),
    ];

    /// <summary>Adds the responses to a document's components.</summary>
    public async Task AddToAsync(OpenApiDocument document)
    {
        await AddAsync("InferInvalidJson",
            "`invalid-json`: the body, or its JSON part, is not valid JSON (RFC 8259); `byte_offset` is the position of the error.",
            """{"inputs": [{"name": "logits", "shape": [1, 3], "datatype": "FP32", "data": [2.0, NaN, 0.1]}]}""");
        await AddAsync("UnknownModel", "`unknown-loss`: no loss has this name; the detail suggests the nearest one.",
            "{}", request => request.RouteValues["model"] = "cros_entropy");
        await AddAsync("InferPayloadTooLarge", "`payload-too-large`: the body is larger than `limit_bytes`.",
            "{}", request => request.ContentLength = limits.Value.BodyBytes + 1L);
        await AddAsync("InferInvalidBatch",
            "`invalid-batch`: valid JSON, but not a valid batch; `errors` lists the place and cause of each error.",
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
            }, MediaTypeNames.Application.Json);
    }
}
