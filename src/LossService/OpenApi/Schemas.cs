using System.Text.Json.Nodes;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Requests;
using Microsoft.OpenApi;

namespace LossService.OpenApi;

/// <summary>The schemas that all losses share, under <c>components</c>.</summary>
internal static class Schemas
{
    public const string EncodedTensor = "EncodedTensor";
    public const string SparseRows = "SparseRows";
    public const string Scores = "Scores";
    public const string Totals = "Totals";
    public const string Metrics = "Metrics";
    public const string Problem = "Problem";
    public const string LossName = "LossName";
    public const string Output = "Output";
    public const string Reduction = "Reduction";
    public const string MeanOver = "MeanOver";
    public const string ResultDType = "ResultDType";
    public const string Unit = "Unit";
    public const string TensorEncoding = "TensorEncoding";

    /// <summary>Adds them to a document.</summary>
    public static void AddTo(OpenApiDocument document)
    {
        document.AddComponent(EncodedTensor, EncodedTensorSchema());
        document.AddComponent(LossName, Words(LossCatalogue.All.Select(loss => loss.Name)));
        document.AddComponent(Output, Words(OutputCatalogue.All.Select(output => output.Name)));
        document.AddComponent(Reduction, Words(Fields.Reductions.All));
        document.AddComponent(MeanOver, Words(Fields.MeanOvers.All));
        document.AddComponent(ResultDType, Words(DType.Float32.Name(), DType.Float64.Name()));
        document.AddComponent(Unit, Words(Fields.Units.All));
        document.AddComponent(TensorEncoding, Words(Fields.TensorEncodings.All));
        var choices = LossCatalogue.All.SelectMany(loss => loss.Options).Where(option => option.Form == OptionForm.Choice);
        foreach (var option in choices.DistinctBy(option => option.Name))
            document.AddComponent(TypeName(option.Name), Words(option.Choices));
        document.AddComponent(Totals, TotalsSchema());
        document.AddComponent(Scores, ScoresOf(document));
        document.AddComponent(Problem, ProblemOf(document));
    }

    /// <summary>The name of a component: <c>CrossEntropy</c> for <c>cross_entropy</c>.</summary>
    public static string TypeName(string name) =>
        string.Concat(name.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));

    /// <summary>A reference to a shared schema, with a description of its use.</summary>
    public static OpenApiSchemaReference Ref(string name, OpenApiDocument document, string? description = null) =>
        new(name, document) { Description = description };

    /// <summary>Adds a schema to a document's components, and refers to it.</summary>
    public static OpenApiSchemaReference Name(string name, OpenApiSchema schema, OpenApiDocument document)
    {
        document.AddComponent(name, schema);
        return Ref(name, document);
    }

    /// <summary>A reference to a shared schema, or null. Generators of clients read <c>oneOf</c> of these two as optional.</summary>
    public static OpenApiSchema RefOrNull(string name, OpenApiDocument document, string description) => new()
    {
        OneOf = [Ref(name, document), Type(JsonSchemaType.Null)],
        Description = description,
    };

    /// <summary>
    /// A tensor: nested arrays, bytes, or what <paramref name="others"/> says. The choice is negated twice, so that generators of
    /// clients pass over it, and take any value: of a choice NSwag and Kiota make classes that hold no array, and of arrays in arrays
    /// openapi-typescript makes a type that does not compile.
    /// </summary>
    /// <param name="description">What it holds.</param>
    /// <param name="others">The types of an element by itself, where the tensor may have no axes, and null.</param>
    /// <param name="document">The document.</param>
    /// <param name="component">A shared schema of what may stand in the tensor's place.</param>
    public static OpenApiSchema Tensor(string description, JsonSchemaType others, OpenApiDocument document, string? component = null)
    {
        var choice = new OpenApiSchema { AnyOf = [ListOf(new OpenApiSchema()), Ref(EncodedTensor, document)] };
        if (component is not null) choice.AnyOf.Add(Ref(component, document));
        if (others != default) choice.AnyOf.Add(Type(others));
        return new()
        {
            Title = "Tensor",
            Description = description,
            Not = new OpenApiSchema { Not = choice },
        };
    }

    /// <summary>The schema of a member that is not given where it is null, as generated clients send it.</summary>
    public static OpenApiSchema OrNull(OpenApiSchema schema)
    {
        if (schema.Type is null) schema.OneOf!.Add(new OpenApiSchema { Type = JsonSchemaType.Null });
        else schema.Type |= JsonSchemaType.Null;
        schema.Enum?.Add(JsonNullSentinel.JsonNull);
        return schema;
    }

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

    /// <summary>A JSON number, or one of the strings NaN, Infinity and -Infinity.</summary>
    public static OpenApiSchema Number(string description) => new()
    {
        Type = JsonSchemaType.Number | JsonSchemaType.String,
        Pattern = "^(NaN|-?Infinity)$",
        Description = description,
    };

    /// <summary>A number, or null.</summary>
    public static OpenApiSchema NumberOrNull(string description) => OrNull(Number(description));

    /// <summary>A finite number.</summary>
    public static OpenApiSchema Real(string description) => Type(JsonSchemaType.Number, description);

    /// <summary>A finite number, or null.</summary>
    public static OpenApiSchema RealOrNull(string description) => Type(JsonSchemaType.Number | JsonSchemaType.Null, description);

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
        properties["totals"] = Ref(Totals, document);
        var notice = Object(
            new()
            {
                ["pointer"] = Type(JsonSchemaType.String, "A JSON Pointer into the request."),
                ["detail"] = Type(JsonSchemaType.String, "What is probably meant."),
            },
            "pointer", "detail");
        properties["notices"] = ListOf(
            Name("Notice", notice, document), "What was scored, but is probably a mistake; left out where there is nothing to say.");
        var scores = Object(properties, "totals");
        scores.Description = "The requested `outputs`, and `totals`. The totals of several batches add up to those of their union, so "
            + "Σ`loss`/Σ`weight` is the exact mean of a dataset that was split.";
        return scores;
    }

    private static OpenApiSchema TotalsSchema() => Object(
        new()
        {
            ["samples"] = Type(JsonSchemaType.Integer, "The number of samples that are neither masked nor ignored."),
            ["weight"] = Real("Σw over them."),
            ["loss"] = Number("Σwℓ over them."),
        },
        "samples", "weight", "loss");

    private static IOpenApiSchema SchemaOf(Output output, OpenApiDocument document) => output.Shape switch
    {
        OutputShape.Scalar => NumberOrNull(output.Description),
        OutputShape.Metrics => Ref(Metrics, document, output.Description),
        _ => Tensor(output.Description, JsonSchemaType.Number | JsonSchemaType.String, document),
    };

    private static OpenApiSchema ProblemOf(OpenApiDocument document)
    {
        var error = Object(
            new()
            {
                ["pointer"] = Type(JsonSchemaType.String, "The place of the error: a JSON Pointer into the request, as `#/labels/17`."),
                ["detail"] = Type(JsonSchemaType.String, "What is wrong there."),
            },
            "pointer", "detail");
        var problem = Object(
            new()
            {
                ["status"] = Type(JsonSchemaType.Integer, "The HTTP status."),
                ["type"] = Type(JsonSchemaType.String, "The kind of problem: a stable identifier for programs."),
                ["title"] = Type(JsonSchemaType.String, "A title; the same for every problem of a type."),
                ["detail"] = Type(JsonSchemaType.String, "What went wrong in this request."),
                ["errors"] = ListOf(Name("ProblemError", error, document), "The first errors of an invalid batch."),
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
