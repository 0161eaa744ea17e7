using System.Text.Json.Nodes;
using LossService.Core.Options;
using LossService.Requests;
using Microsoft.OpenApi;
using static LossService.OpenApi.Schemas;

namespace LossService.OpenApi;

/// <summary>Describes the operation that scores a batch by several losses.</summary>
internal static class SeveralDocument
{
    /// <summary>The tag of the operation.</summary>
    public const string Tag = "Several losses";

    private const string Request = "SeveralRequest", Scores = "SeveralScores";

    private const string Example = """
        { "logits": [[2.0, 1.0, 0.1], [0.3, 2.2, 0.4]], "labels": [0, 1],
          "losses": {
            "cross_entropy": { "weight": 0.9 },
            "smoothed": { "loss": "cross_entropy", "weight": 0.1, "label_smoothing": 0.1, "outputs": ["loss", "losses"] } },
          "combined": true }
        """;

    /// <summary>Fills in the operation.</summary>
    public static async Task DescribeAsync(OpenApiOperation operation, string route, OpenApiDocument document, Rehearsal rehearsal)
    {
        document.AddComponent(Request, RequestOf(document));
        document.AddComponent(Scores, ScoresOf(document));
        operation.OperationId = "scoreSeveral";
        operation.Summary = "Score one batch by several losses";
        operation.Description = "The batch is read and checked once. Each loss answers under its name, with the bits that it has in a "
            + "request of its own. `combined` adds up their losses and gradients, each times its `weight`. A stream "
            + "(`application/x-ndjson`) has one such request per line, and sums up each loss; a form of NumPy's files has `losses` as a "
            + "text, and names results `cross_entropy.loss` in a `.npz` file.";
        operation.Tags = new HashSet<OpenApiTagReference> { new(Tag, document) };
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = LossOperation.Json(Ref(Request, document), JsonNode.Parse(Example)!),
        };
        operation.Responses = new OpenApiResponses
        {
            ["200"] = new OpenApiResponse
            {
                Description = "The scores of each loss. The example is the response to the example request.",
                Content = LossOperation.Json(
                    Ref(Scores, document), await rehearsal.AnswerAsync("POST", route, request => Rehearsal.Post(request, Example))),
            },
        };
        ProblemResponses.AddTo(operation.Responses, ProblemResponses.OfScoring, document);
    }

    private static OpenApiSchema RequestOf(OpenApiDocument document)
    {
        var properties = new Dictionary<string, IOpenApiSchema>();
        foreach (var form in Enum.GetValues<PredictionForm>())
            properties[form.Name()] = Tensor(
                "The predictions; a request has one of logits, probabilities, log_probabilities.", JsonSchemaType.Null, document);
        properties[Fields.Labels] = Tensor(
            "The labels of the losses: class indices, dense rows or sparse rows.",
            JsonSchemaType.Number | JsonSchemaType.Boolean | JsonSchemaType.Null, document, Schemas.SparseRows);
        foreach (var form in Enum.GetValues<TargetForm>().Where(form => form.IsTeacher()))
            properties[form.Name()] = Tensor("A teacher's predictions as labels, beside labels or in their place; where there are several, "
                + "labels_from of an entry says which it reads.", JsonSchemaType.Null, document);
        RequestSchema.AddWeights(properties, document);
        properties[Fields.Losses] = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            AdditionalProperties = Name("LossEntry", EntryOf(document), document),
            Description = "An entry for each loss, by its name, or by a name of its own: 1 to 40 letters, digits, _ or -.",
        };
        properties[Fields.Combined] = Type(JsonSchemaType.Boolean | JsonSchemaType.Null,
            "Whether to get Σ weight·loss and its derivatives. Default false.");
        RequestSchema.AddHeader(properties, null, document);
        properties[Fields.Outputs] = RequestSchema.DescribeOutputs(
            "What to compute of each loss whose entry does not say it. Default [\"loss\"], and [\"losses\"] with the reduction none. "
            + "combined has the loss, and of gradient and hessian what is named here; where there are no outputs, the gradient.", document);
        return new()
        {
            Type = JsonSchemaType.Object,
            Properties = properties,
            Required = new HashSet<string> { Fields.Losses },
            AdditionalPropertiesAllowed = false,
        };
    }

    private static OpenApiSchema EntryOf(OpenApiDocument document) => new()
    {
        Type = JsonSchemaType.Object,
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            [Fields.Loss] = RefOrNull(LossName, document, "The loss, where the entry has another name."),
            [Fields.Weight] = Type(JsonSchemaType.Number | JsonSchemaType.Null,
                "The factor of its loss and gradient in combined, of either sign. Default 1."),
            [Fields.LabelsFrom] = OrNull(Words(Enum.GetValues<TargetForm>().Where(form => !form.IsSparse()).Select(form => form.Name()))),
            [Fields.Outputs] = RequestSchema.DescribeOutputs("What to compute of this loss.", document),
            [Fields.Unit] = RequestSchema.DescribeUnit(document),
        },
        AdditionalProperties = new OpenApiSchema(),
        Description = "A loss: its options, as in its own route, and what the request says of it.",
    };

    private static OpenApiSchema ScoresOf(OpenApiDocument document)
    {
        var combined = Object(
            new()
            {
                ["loss"] = OrNull(Number("Σ weight·loss, rounded once; null where an entry has no loss, and a weight other than 0.")),
                ["gradient"] = Tensor(
                    "Σ weight·gradient of the losses' gradients, rounded once.", JsonSchemaType.Number | JsonSchemaType.String, document),
                ["hessian"] = Tensor(
                    "Σ weight·hessian of the losses' second derivatives, rounded once.", JsonSchemaType.Number | JsonSchemaType.String,
                    document),
            },
            "loss");
        return Object(
            new()
            {
                [Fields.Id] = Type(JsonSchemaType.String, "The id of the request."),
                [Fields.Losses] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    AdditionalProperties = Ref(Schemas.Scores, document),
                    Description = "The scores of each loss, by the name of its entry.",
                },
                [Fields.Combined] = Name("CombinedLoss", combined, document),
                ["notices"] = ListOf(Ref("Notice", document), "What was scored, but is probably a mistake."),
            },
            Fields.Losses);
    }
}
