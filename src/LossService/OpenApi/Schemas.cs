using System.Text.Json.Nodes;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Requests;
using Microsoft.OpenApi;

namespace LossService.OpenApi;

/// <summary>The schemas that every loss shares, by name under <c>components</c>.</summary>
internal static class Schemas
{
    public const string Number = "Number";
    public const string NestedNumbers = "NestedNumbers";
    public const string Tensor = "Tensor";
    public const string EncodedTensor = "EncodedTensor";
    public const string NestedBooleans = "NestedBooleans";
    public const string Scores = "Scores";
    public const string Metrics = "Metrics";
    public const string Problem = "Problem";
    public const string LossSummary = "LossSummary";
    public const string LossPage = "LossPage";

    /// <summary>Adds them to a document.</summary>
    public static void AddTo(OpenApiDocument document)
    {
        document.AddComponent(Number, new OpenApiSchema
        {
            Description = "A JSON number; one that is not finite is a string, both ways.",
            AnyOf = [Type(JsonSchemaType.Number), Words("NaN", "Infinity", "-Infinity")],
        });
        document.AddComponent(NestedNumbers, new OpenApiSchema
        {
            Description = "Arrays of arrays … of numbers, all of one length at each depth. One number alone has rank 0.",
            AnyOf = [Ref(Number, document), ListOf(Ref(NestedNumbers, document))],
        });
        document.AddComponent(NestedBooleans, new OpenApiSchema
        {
            Description = "Arrays of arrays … of booleans.",
            AnyOf = [Type(JsonSchemaType.Boolean), ListOf(Ref(NestedBooleans, document))],
        });
        document.AddComponent(EncodedTensor, EncodedTensorSchema());
        // each further way to post a tensor is one more entry here
        document.AddComponent(Tensor, new OpenApiSchema
        {
            Description = "A tensor of any rank, in row-major order.",
            AnyOf = [Ref(NestedNumbers, document), Ref(EncodedTensor, document)],
        });
        document.AddComponent(Metrics, MetricsOf(document));
        document.AddComponent(Scores, ScoresOf(document));
        document.AddComponent(Problem, ProblemSchema());
        document.AddComponent(LossSummary, CatalogueSchemas.Summary());
        document.AddComponent(LossPage, CatalogueSchemas.Page());
    }

    /// <summary>A reference to a shared schema, with a description of what it is here.</summary>
    public static OpenApiSchemaReference Ref(string name, OpenApiDocument document, string? description = null) =>
        new(name, document) { Description = description };

    /// <summary>A value of a simple type.</summary>
    public static OpenApiSchema Type(JsonSchemaType type, string? description = null) => new() { Type = type, Description = description };

    /// <summary>One of a few strings.</summary>
    public static OpenApiSchema Words(params IEnumerable<string> words) =>
        new() { Type = JsonSchemaType.String, Enum = [.. words.Select(word => JsonValue.Create(word))] };

    /// <summary>An array.</summary>
    public static OpenApiSchema ListOf(IOpenApiSchema items, string? description = null) =>
        new() { Type = JsonSchemaType.Array, Items = items, Description = description };

    /// <summary>An object, and which of its members are always there.</summary>
    public static OpenApiSchema Object(Dictionary<string, IOpenApiSchema> properties, params string[] required) =>
        new() { Type = JsonSchemaType.Object, Properties = properties, Required = required.ToHashSet() };

    private static OpenApiSchema Real(string description) => Type(JsonSchemaType.Number, description);

    private static OpenApiSchema RealOrNull(string description) => Type(JsonSchemaType.Number | JsonSchemaType.Null, description);

    private static OpenApiSchema EncodedTensorSchema()
    {
        var tensor = Object(
            new()
            {
                ["dtype"] = Words(Enum.GetValues<DType>().Select(dtype => dtype.Name())),
                ["shape"] = ListOf(new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "0" }, "The lengths of the axes."),
                ["data"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.String,
                    Format = "byte",
                    Description = "The elements' bytes, little-endian, row-major, in base64: the standard alphabet, padded.",
                },
            },
            "dtype", "shape", "data");
        tensor.AdditionalPropertiesAllowed = false;
        tensor.Description = "A tensor as bytes, with a dtype of its own. Predictions are floats, class indices integers, a mask bool; results have the predictions' dtype.";
        return tensor;
    }

    private static OpenApiSchema ScoresOf(OpenApiDocument document)
    {
        var properties = new Dictionary<string, IOpenApiSchema> { [Fields.Id] = Type(JsonSchemaType.String, "The request's id.") };
        foreach (var output in OutputCatalogue.All) properties[output.Name] = SchemaOf(output, document);
        properties["totals"] = Object(
            new()
            {
                ["samples"] = Type(JsonSchemaType.Integer, "The number of samples kept: neither masked nor ignored."),
                ["weight"] = Real("Σw over them."),
                ["loss"] = Ref(Number, document, "Σwℓ over them."),
            },
            "samples", "weight", "loss");
        var scores = Object(properties, "totals");
        scores.Description = "What was asked for in `outputs`, and the `totals`: those of two batches, added, are those of their union, so Σ`loss`/Σ`weight` is the exact mean of a dataset in pieces.";
        return scores;
    }

    private static IOpenApiSchema SchemaOf(Output output, OpenApiDocument document) => output.Shape switch
    {
        OutputShape.Scalar => new OpenApiSchema { Description = output.Description, AnyOf = [Ref(Number, document), Type(JsonSchemaType.Null)] },
        OutputShape.Metrics => Ref(Metrics, document, output.Description),
        _ => Ref(Tensor, document, output.Description),
    };

    private static OpenApiSchema MetricsOf(OpenApiDocument document) => Object(
        new()
        {
            ["accuracy"] = RealOrNull("The share of samples whose predicted class is the label's."),
            ["top_k_accuracy"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Description = "By k: the share of samples whose label is among the k largest predictions.",
                AdditionalProperties = Type(JsonSchemaType.Number | JsonSchemaType.Null),
            },
            ["perplexity"] = new OpenApiSchema
            {
                Description = "exp of the mean cross-entropy in nats, of the labels unsmoothed.",
                AnyOf = [Ref(Number, document), Type(JsonSchemaType.Null)],
            },
            ["expected_calibration_error"] = RealOrNull("Σ share·|accuracy − confidence| over the bins."),
            ["bins"] = ListOf(
                Object(
                    new()
                    {
                        ["lower"] = Real("The least confidence in the bin."),
                        ["upper"] = Real("Its end."),
                        ["samples"] = Type(JsonSchemaType.Integer, "The number of samples in it."),
                        ["weight"] = Real("Their weight."),
                        ["accuracy"] = RealOrNull("The share of them that is right; null where there are none."),
                        ["confidence"] = RealOrNull("Their mean confidence; null where there are none."),
                    },
                    "lower", "upper", "samples", "weight", "accuracy", "confidence"),
                "The reliability diagram."),
        },
        "accuracy", "perplexity", "expected_calibration_error", "bins");

    private static OpenApiSchema ProblemSchema()
    {
        var problem = Object(
            new()
            {
                ["status"] = Type(JsonSchemaType.Integer, "The HTTP status."),
                ["type"] = Type(JsonSchemaType.String, "What kind of problem: a stable word to branch on."),
                ["title"] = Type(JsonSchemaType.String, "The same for people, always the same for a type."),
                ["detail"] = Type(JsonSchemaType.String, "This occurrence."),
                ["errors"] = ListOf(
                    Object(
                        new()
                        {
                            ["pointer"] = Type(JsonSchemaType.String, "Where: a JSON Pointer into the request, as `#/labels/17`."),
                            ["detail"] = Type(JsonSchemaType.String, "What is wrong there."),
                        },
                        "pointer", "detail"),
                    "What is wrong with a batch, the first of it."),
                ["total_errors"] = Type(JsonSchemaType.Integer, "How many errors there are in all."),
                ["byte_offset"] = Type(JsonSchemaType.Integer, "Where the JSON breaks: the bytes before it."),
                ["limit_bytes"] = Type(JsonSchemaType.Integer, "The largest body, where one was larger."),
                ["error"] = Type(JsonSchemaType.String, "Under `/v2`, the detail once more, where clients of the protocol look for it."),
            },
            "status", "type", "title", "detail");
        problem.Description = "A failure, as RFC 9457 has it.";
        return problem;
    }
}
