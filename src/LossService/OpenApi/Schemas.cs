using System.Text.Json.Nodes;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Requests;
using Microsoft.OpenApi;

namespace LossService.OpenApi;

/// <summary>The schemas that all losses share, under <c>components</c>.</summary>
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

    /// <summary>Adds them to a document.</summary>
    public static void AddTo(OpenApiDocument document)
    {
        document.AddComponent(Number, new OpenApiSchema
        {
            Description = "A JSON number, or a string if it is not finite; in requests and responses.",
            AnyOf = [Type(JsonSchemaType.Number), Words("NaN", "Infinity", "-Infinity")],
        });
        document.AddComponent(NestedNumbers, new OpenApiSchema
        {
            Description = "Nested arrays of numbers; all arrays at one depth have the same length. A single number has rank 0.",
            AnyOf = [Ref(Number, document), ListOf(Ref(NestedNumbers, document))],
        });
        document.AddComponent(NestedBooleans, new OpenApiSchema
        {
            Description = "Nested arrays of booleans; 0 and 1 are false and true.",
            AnyOf = [Type(JsonSchemaType.Boolean), Bit(), ListOf(Ref(NestedBooleans, document))],
        });
        document.AddComponent(EncodedTensor, EncodedTensorSchema());
        // a further encoding of tensors is added here
        document.AddComponent(Tensor, new OpenApiSchema
        {
            Description = "A tensor of any rank, in row-major order.",
            AnyOf = [Ref(NestedNumbers, document), Ref(EncodedTensor, document)],
        });
        document.AddComponent(Metrics, MetricsOf(document));
        document.AddComponent(Scores, ScoresOf(document));
        document.AddComponent(Problem, ProblemSchema());
    }

    /// <summary>A reference to a shared schema, with a description of its use.</summary>
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

    /// <summary>An object, and the members that are always present.</summary>
    public static OpenApiSchema Object(Dictionary<string, IOpenApiSchema> properties, params string[] required) =>
        new() { Type = JsonSchemaType.Object, Properties = properties, Required = required.ToHashSet() };

    private static OpenApiSchema Bit() => new() { Type = JsonSchemaType.Integer, Minimum = "0", Maximum = "1" };

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
                    Description = "The elements' bytes, little-endian and row-major, in base64 (standard alphabet, padded).",
                },
            },
            "dtype", "shape", "data");
        tensor.AdditionalPropertiesAllowed = false;
        tensor.Description = "A tensor as bytes. The dtype is a float for predictions, an integer for class indices, bool or an integer "
            + "for a mask. "
            + "Result tensors have the dtype of the predictions, "
            + "or that of the member `dtype`.";
        return tensor;
    }

    private static OpenApiSchema ScoresOf(OpenApiDocument document)
    {
        var properties = new Dictionary<string, IOpenApiSchema> { [Fields.Id] = Type(JsonSchemaType.String, "The id of the request.") };
        foreach (var output in OutputCatalogue.All) properties[output.Name] = SchemaOf(output, document);
        properties["totals"] = Object(
            new()
            {
                ["samples"] = Type(JsonSchemaType.Integer, "The number of samples that are neither masked nor ignored."),
                ["weight"] = Real("Σw over them."),
                ["loss"] = Ref(Number, document, "Σwℓ over them."),
            },
            "samples", "weight", "loss");
        properties["notices"] = ListOf(
            Object(
                new()
                {
                    ["pointer"] = Type(JsonSchemaType.String, "A JSON Pointer into the request."),
                    ["detail"] = Type(JsonSchemaType.String, "What is probably meant."),
                },
                "pointer", "detail"),
            "What was scored, but is probably a mistake; left out where there is nothing to say.");
        var scores = Object(properties, "totals");
        scores.Description = "The requested `outputs`, and `totals`. The totals of several batches add up to those of their union, so "
            + "Σ`loss`/Σ`weight` is the exact mean of a dataset that was split.";
        return scores;
    }

    private static IOpenApiSchema SchemaOf(Output output, OpenApiDocument document) => output.Shape switch
    {
        OutputShape.Scalar => new OpenApiSchema
        {
            Description = output.Description,
            AnyOf = [Ref(Number, document), Type(JsonSchemaType.Null)],
        },
        OutputShape.Metrics => Ref(Metrics, document, output.Description),
        _ => Ref(Tensor, document, output.Description),
    };

    private static OpenApiSchema MetricsOf(OpenApiDocument document) => Object(
        new()
        {
            ["accuracy"] = RealOrNull("The share of samples whose predicted class is the label."),
            ["top_k_accuracy"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Description = "For each k: the share of samples whose label is among the k largest predictions.",
                AdditionalProperties = Type(JsonSchemaType.Number | JsonSchemaType.Null),
            },
            ["perplexity"] = new OpenApiSchema
            {
                Description = "exp of the mean cross-entropy in nats, with unsmoothed labels.",
                AnyOf = [Ref(Number, document), Type(JsonSchemaType.Null)],
            },
            ["expected_calibration_error"] = RealOrNull("Σ over the bins of (the bin's share of the weight)·|accuracy − confidence|."),
            ["bins"] = ListOf(
                Object(
                    new()
                    {
                        ["lower"] = Real("The lower bound of confidence in the bin, included."),
                        ["upper"] = Real("The upper bound, excluded except in the last bin."),
                        ["samples"] = Type(JsonSchemaType.Integer, "The number of samples in the bin."),
                        ["weight"] = Real("The sum of their weights."),
                        ["accuracy"] = RealOrNull(
                            "The share of them that is predicted correctly; with `calibration` positive, their mean label. Null if there "
                            + "are none."),
                        ["confidence"] = RealOrNull(
                            "Their mean probability of the predicted class; with `calibration` positive, of the positive class. Null if "
                            + "there are none."),
                    },
                    "lower", "upper", "samples", "weight", "accuracy", "confidence"),
                "The bins of the reliability diagram."),
            ["totals"] = MetricTotalsOf(document),
        },
        "accuracy", "perplexity", "expected_calibration_error", "bins", "totals");

    private static OpenApiSchema MetricTotalsOf(OpenApiDocument document)
    {
        var totals = Object(
            new()
            {
                ["weight"] = Real("Σw over the samples, w the sample weight."),
                ["correct"] = Real("Σw over those whose predicted class is the label."),
                ["top_k_correct"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    Description = "For each k: Σw over those whose label is among the k largest predictions.",
                    AdditionalProperties = Type(JsonSchemaType.Number),
                },
                ["cross_entropy"] = Ref(Number, document, "Σw·cross-entropy in nats, with unsmoothed labels."),
            },
            "weight", "correct", "cross_entropy");
        totals.Description = "The sums that the metrics are made of; those of several batches add up to those of their union. Of a bin, "
            + "weight·accuracy and weight·confidence do.";
        return totals;
    }

    private static OpenApiSchema ProblemSchema()
    {
        var problem = Object(
            new()
            {
                ["status"] = Type(JsonSchemaType.Integer, "The HTTP status."),
                ["type"] = Type(JsonSchemaType.String, "The kind of problem: a stable identifier for programs."),
                ["title"] = Type(JsonSchemaType.String, "A title; the same for every problem of a type."),
                ["detail"] = Type(JsonSchemaType.String, "What went wrong in this request."),
                ["errors"] = ListOf(
                    Object(
                        new()
                        {
                            ["pointer"] = Type(JsonSchemaType.String,
                                "The place of the error: a JSON Pointer into the request, as `#/labels/17`."),
                            ["detail"] = Type(JsonSchemaType.String, "What is wrong there."),
                        },
                        "pointer", "detail"),
                    "The first errors of an invalid batch."),
                ["total_errors"] = Type(JsonSchemaType.Integer, "The number of all errors."),
                ["byte_offset"] = Type(JsonSchemaType.Integer, "The position of the JSON error: the number of bytes before it."),
                ["limit_bytes"] = Type(JsonSchemaType.Integer, "The limit that the body exceeds, in bytes."),
                ["error"] = Type(JsonSchemaType.String, "Under `/v2`: the detail again, where clients of the protocol read it."),
            },
            "status", "type", "title", "detail");
        problem.Description = "A failure (RFC 9457).";
        return problem;
    }
}
