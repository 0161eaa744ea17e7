using System.Text.Json.Nodes;
using LossService.Formats.OpenInference.Http;
using LossService.Http;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace LossService.OpenApi;

/// <summary>Describes the routes of the Open Inference Protocol: one for all losses, since each is a model there.</summary>
internal sealed class OipDocument(EndpointDataSource endpoints, IServiceProvider services, OipFormat format, IOptions<Limits> limits)
    : IDocumentAsyncFilter
{
    private const string Tag = "Open Inference Protocol";
    private const string ModelRoute = "/v2/models/{model}";

    private const string Infer = """
        The scores of a batch, as KServe's and Triton's clients ask for them. `GET /v2/models/{model}` says what a loss takes and
        gives. Each route of a model is also there under `/versions/1`.

        **Bytes.** With the extension `binary_tensor_data` a body is JSON and, behind it, the elements of those inputs that have a
        `binary_data_size`: little-endian, row-major, in the inputs' order. `Inference-Header-Content-Length` is the length of the
        JSON in bytes. Outputs go the same way where `binary_data` or `binary_data_output` asks for it.
        """;

    private const string Example = """
        {
          "id": "batch 1",
          "inputs": [
            { "name": "logits", "shape": [2, 3], "datatype": "FP32", "data": [[2.0, 1.0, 0.1], [0.3, 2.2, 0.4]] },
            { "name": "labels", "shape": [2], "datatype": "INT64", "data": [0, 1] }
          ],
          "parameters": { "label_smoothing": 0.1 },
          "outputs": [{ "name": "loss" }, { "name": "gradient" }]
        }
        """;

    private readonly Rehearsal _rehearsal = new(endpoints, services);

    /// <inheritdoc/>
    public async Task ApplyAsync(OpenApiDocument swaggerDoc, DocumentFilterContext context, CancellationToken cancellationToken)
    {
        swaggerDoc.Tags!.Add(new() { Name = Tag, Description = "The same losses for KServe's and Triton's clients; on port 8081 over gRPC" });
        OipSchemas.AddTo(swaggerDoc);
        await new OipProblems(new(_rehearsal, limits), limits).AddToAsync(swaggerDoc);
        await DescribePageAsync(swaggerDoc, "/v2", "server_metadata", "The server and its extensions", OipSchemas.Server());
        await DescribePageAsync(swaggerDoc, "/v2/health/live", "server_live", "Whether the server lives", OipSchemas.Flag("live"));
        await DescribePageAsync(swaggerDoc, "/v2/health/ready", "server_ready", "Whether it takes requests", OipSchemas.Flag("ready"));
        await DescribePageAsync(swaggerDoc, "/v2/models", "list_models", "All losses by name", OipSchemas.Models());
        await DescribePageAsync(swaggerDoc, ModelRoute, "model_metadata", "What a loss takes and gives", OipSchemas.Model());
        await DescribePageAsync(swaggerDoc, $"{ModelRoute}/ready", "model_ready", "Whether a loss takes requests", OipSchemas.Flag("ready", "name"));
        await DescribeInferAsync(Find(swaggerDoc, $"{ModelRoute}/infer", HttpMethod.Post), swaggerDoc);
    }

    private async Task DescribePageAsync(OpenApiDocument document, string route, string id, string summary, OpenApiSchema schema)
    {
        var operation = Find(document, route, HttpMethod.Get);
        var isOfModel = route.StartsWith(ModelRoute, StringComparison.Ordinal);
        Name(operation, id, summary, document);
        operation.Parameters = isOfModel ? [LossesDocument.NameOf("model")] : null;
        var content = LossOperation.Json(schema, await _rehearsal.AnswerAsync("GET", route, Shown));
        operation.Responses = new OpenApiResponses { ["200"] = new OpenApiResponse { Description = $"{summary}.", Content = content } };
        if (isOfModel) ProblemResponses.AddTo(operation.Responses, OipProblems.OfPages, document);
        if (!route.EndsWith("/ready", StringComparison.Ordinal)) return;
        operation.Responses["503"] = new OpenApiResponse
        {
            Description = "Not now: `ready` is false.",
            Content = new Dictionary<string, IOpenApiMediaType> { [OipHttp.Json] = new OpenApiMediaType { Schema = schema } },
        };
    }

    private async Task DescribeInferAsync(OpenApiOperation operation, OpenApiDocument document)
    {
        var length = Schemas.Type(JsonSchemaType.Integer);
        Name(operation, "model_infer", "Score a batch, by any loss", document);
        operation.Description = Prose.Unwrap(Infer);
        operation.Parameters =
        [
            LossesDocument.NameOf("model"),
            new OpenApiParameter
            {
                Name = OipHttp.HeaderLength,
                In = ParameterLocation.Header,
                Schema = length,
                Description = "The length of the JSON in bytes, where tensors follow it.",
            },
        ];
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = BodyContents.Describe(format.Reads, Schemas.Ref(OipSchemas.InferRequest, document), JsonNode.Parse(Example)!),
        };
        operation.Responses = new OpenApiResponses
        {
            ["200"] = new OpenApiResponse
            {
                Description = "The outputs that were asked for. The example is the answer to the request above.",
                Headers = new Dictionary<string, IOpenApiHeader>
                {
                    [OipHttp.HeaderLength] = new OpenApiHeader { Schema = length, Description = "The length of the JSON in bytes, where outputs follow it." },
                },
                Content = BodyContents.Describe(format.Writes, Schemas.Ref(OipSchemas.InferResponse, document), await AnswerAsync()),
            },
        };
        ProblemResponses.AddTo(operation.Responses, OipProblems.OfInfer, document);
    }

    private Task<JsonNode> AnswerAsync() => _rehearsal.AnswerAsync("POST", $"{ModelRoute}/infer", request =>
    {
        Shown(request);
        Rehearsal.Post(request, Example);
    });

    private static void Shown(HttpRequest request) => request.RouteValues["model"] = LossesDocument.Shown;

    private static void Name(OpenApiOperation operation, string id, string summary, OpenApiDocument document)
    {
        operation.OperationId = id;
        operation.Summary = summary;
        operation.Tags = new HashSet<OpenApiTagReference> { new(Tag, document) };
    }

    private static OpenApiOperation Find(OpenApiDocument document, string route, HttpMethod method) =>
        document.Paths[route].Operations![method];
}
