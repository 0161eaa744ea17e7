using System.Text.Json.Nodes;
using LossService.Formats.OpenInference.Http;
using LossService.Http;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace LossService.OpenApi;

/// <summary>Describes the routes of the Open Inference Protocol, in which each loss is a model.</summary>
internal sealed class OipDocument(EndpointDataSource endpoints, IServiceProvider services, IOptions<Limits> limits)
    : IDocumentAsyncFilter
{
    private const string Tag = "Open Inference Protocol";
    private const string ModelRoute = "/v2/models/{model}";

    private const string Infer = """
        Scores a batch by the Open Inference Protocol, which clients of KServe and Triton speak. `GET /v2/models/{model}` lists the
        inputs and outputs of a loss. Each route of a model also exists with `/versions/1`. Any Content-Type is taken for what the
        protocol says: JSON, or JSON and bytes.

        **Bytes.** With the extension `binary_tensor_data`, the JSON is followed by the elements of each input that has a
        `binary_data_size`: little-endian, row-major, in the order of the inputs. `Inference-Header-Content-Length` is the length of
        the JSON in bytes. Outputs are sent the same way if `binary_data` or `binary_data_output` asks for it.

        **Tools.** `GET /v2/models/{model}/config` and `/stats`, `GET /v2/models/stats` and `POST /v2/repository/index` answer as
        Triton does.
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
        swaggerDoc.Tags!.Add(new() { Name = Tag, Description = "The same losses for clients of KServe and Triton; gRPC is on port 8081" });
        OipSchemas.AddTo(swaggerDoc);
        await new OipProblems(new(_rehearsal, limits), limits).AddToAsync(swaggerDoc);
        await DescribePageAsync(swaggerDoc, "/v2", "serverMetadata", "The server's name, version and extensions", OipSchemas.Server);
        await DescribePageAsync(swaggerDoc, "/v2/health/live", "serverLive", "Whether the server is alive", OipSchemas.Live);
        await DescribePageAsync(
            swaggerDoc, "/v2/health/ready", "serverReady", "Whether the server is ready for requests", OipSchemas.Ready);
        await DescribePageAsync(swaggerDoc, "/v2/models", "listModels", "The names of all losses", OipSchemas.Models);
        await DescribePageAsync(swaggerDoc, ModelRoute, "modelMetadata", "The inputs and outputs of a loss", OipSchemas.Model);
        await DescribePageAsync(
            swaggerDoc, $"{ModelRoute}/ready", "modelReady", "Whether a loss is ready for requests", OipSchemas.ModelReady);
        await DescribeInferAsync(Find(swaggerDoc, $"{ModelRoute}/infer", HttpMethod.Post), swaggerDoc);
    }

    private async Task DescribePageAsync(OpenApiDocument document, string route, string id, string summary, string schema)
    {
        var operation = Find(document, route, HttpMethod.Get);
        var isOfModel = route.StartsWith(ModelRoute, StringComparison.Ordinal);
        Name(operation, id, summary, document);
        operation.Description = $"{summary}, in the form of the Open Inference Protocol.";
        operation.Parameters = isOfModel ? [LossesDocument.NameOf("model", document)] : null;
        var content = LossOperation.Json(Schemas.Ref(schema, document), await _rehearsal.AnswerAsync("GET", route, Shown));
        operation.Responses = new OpenApiResponses { ["200"] = new OpenApiResponse { Description = $"{summary}.", Content = content } };
        if (isOfModel) ProblemResponses.AddTo(operation.Responses, OipProblems.OfPages, document);
        if (!route.EndsWith("/ready", StringComparison.Ordinal)) return;
        operation.Responses["503"] = new OpenApiResponse
        {
            Description = "Not ready: `ready` is false.",
            Content = new Dictionary<string, IOpenApiMediaType>
            {
                [OipHttp.Json] = new OpenApiMediaType { Schema = Schemas.Ref(schema, document) },
            },
        };
    }

    private async Task DescribeInferAsync(OpenApiOperation operation, OpenApiDocument document)
    {
        var length = Schemas.Type(JsonSchemaType.Integer);
        Name(operation, "modelInfer", "Score a batch with any loss", document);
        operation.Description = Prose.Unwrap(Infer);
        operation.Parameters =
        [
            LossesDocument.NameOf("model", document),
            new OpenApiParameter
            {
                Name = OipHttp.HeaderLength,
                In = ParameterLocation.Header,
                Schema = length,
                Description = "The length of the JSON in bytes, if tensors follow it.",
            },
        ];
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = LossOperation.Json(Schemas.Ref(OipSchemas.InferRequest, document), JsonNode.Parse(Example)!),
        };
        operation.Responses = new OpenApiResponses
        {
            ["200"] = new OpenApiResponse
            {
                Description = "The requested outputs. The example is the response to the example request.",
                Headers = new Dictionary<string, IOpenApiHeader>
                {
                    [OipHttp.HeaderLength] = new OpenApiHeader
                    {
                        Schema = length,
                        Description = "The length of the JSON in bytes, if outputs follow it.",
                    },
                },
                Content = LossOperation.Json(Schemas.Ref(OipSchemas.InferResponse, document), await AnswerAsync()),
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
