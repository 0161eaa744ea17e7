using LossService.Formats.OpenInference;
using LossService.Requests;
using Microsoft.OpenApi;
using static LossService.OpenApi.Schemas;

namespace LossService.OpenApi;

/// <summary>The schemas of the Open Inference Protocol, which are the same for every loss.</summary>
internal static class OipSchemas
{
    public const string InferRequest = "InferRequest";
    public const string InferResponse = "InferResponse";

    /// <summary>Adds what is posted and what is answered to a document.</summary>
    public static void AddTo(OpenApiDocument document)
    {
        document.AddComponent(InferRequest, Request(document));
        document.AddComponent(InferResponse, Response(document));
    }

    /// <summary><c>GET /v2</c>: the server.</summary>
    public static OpenApiSchema Server() => Object(
        new()
        {
            ["name"] = Text("The server's name."),
            ["version"] = Text("The server's version."),
            ["extensions"] = ListOf(Type(JsonSchemaType.String), "What it speaks beyond the protocol's core."),
        },
        "name", "version", "extensions");

    /// <summary><c>GET /v2/models</c>: the names of all losses.</summary>
    public static OpenApiSchema Models() => Object(new() { ["models"] = ListOf(Type(JsonSchemaType.String)) }, "models");

    /// <summary><c>GET /v2/models/{model}</c>: what a loss takes and gives.</summary>
    public static OpenApiSchema Model() => Object(
        new()
        {
            ["name"] = Text("The loss's name."),
            ["versions"] = ListOf(Type(JsonSchemaType.String), "Each loss has one."),
            ["platform"] = Text("Always the same."),
            ["inputs"] = ListOf(Metadata(), "What may be sent; of the predictions a request has exactly one."),
            ["outputs"] = ListOf(Metadata(), "What may be asked for."),
        },
        "name", "versions", "platform", "inputs", "outputs");

    /// <summary>An answer of one flag: <c>live</c> or <c>ready</c>, and perhaps whose.</summary>
    public static OpenApiSchema Flag(string flag, params string[] names)
    {
        var members = names.ToDictionary(name => name, _ => (IOpenApiSchema)Type(JsonSchemaType.String));
        members[flag] = Type(JsonSchemaType.Boolean);
        return Object(members, [.. members.Keys]);
    }

    private static OpenApiSchema Request(OpenApiDocument document) => Object(
        new()
        {
            ["id"] = Text("Any string, echoed; without one the answer has the request's."),
            ["parameters"] = Object(new()
            {
                ["binary_data_output"] = Type(JsonSchemaType.Boolean, "Whether outputs that do not say follow the JSON as bytes."),
            }),
            ["inputs"] = ListOf(
                Object(
                    new(Tensor(Words(Fields.Tensors), document))
                    {
                        ["parameters"] = BinarySize("The input's bytes behind the JSON, instead of `data`."),
                    },
                    "name", "shape", "datatype"),
                "Predictions, labels, and perhaps a weight and a mask."),
            ["outputs"] = ListOf(
                Object(
                    new()
                    {
                        ["name"] = Words(OipOutput.All.Select(output => output.Name)),
                        ["parameters"] = Object(new() { ["binary_data"] = Type(JsonSchemaType.Boolean, "Whether it follows the JSON as bytes.") }),
                    },
                    "name"),
                "What to compute; by default the loss, or the losses where the reduction is none."),
        },
        "inputs").With("`parameters` are the loss's options, `reduction`, `mean_over` and `unit`, by the names of the native request.");

    private static OpenApiSchema Response(OpenApiDocument document) => Object(
        new()
        {
            ["model_name"] = Text("The loss."),
            ["model_version"] = Text("Its version."),
            ["id"] = Text("The request's id."),
            ["parameters"] = Object(
                new()
                {
                    ["total_samples"] = Type(JsonSchemaType.Integer, "The number of samples kept."),
                    ["total_weight"] = Type(JsonSchemaType.Number, "Σw over them."),
                    ["total_loss"] = Ref(Number, document, "Σwℓ over them."),
                },
                "total_samples", "total_weight", "total_loss"),
            ["outputs"] = ListOf(
                Object(
                    new(Tensor(Words(OipOutput.All.Select(output => output.Name)), document))
                    {
                        ["parameters"] = BinarySize("The output's bytes behind the JSON, instead of `data`."),
                    },
                    "name", "shape", "datatype"),
                "In the order they were asked for."),
        },
        "model_name", "model_version", "id", "parameters", "outputs");

    private static Dictionary<string, IOpenApiSchema> Tensor(OpenApiSchema names, OpenApiDocument document) => new()
    {
        ["name"] = names,
        ["shape"] = ListOf(new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "0" }, "The lengths of the axes."),
        ["datatype"] = Words(OipDatatype.All).With("FP16 and BF16 travel as bytes alone."),
        ["data"] = new OpenApiSchema
        {
            Description = "The elements, row-major: one flat list, or nested.",
            AnyOf = [Ref(NestedNumbers, document), Ref(NestedBooleans, document)],
        },
    };

    private static OpenApiSchema BinarySize(string description) =>
        Object(new() { ["binary_data_size"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "0", Description = description } });

    private static OpenApiSchema Metadata() => Object(
        new()
        {
            ["name"] = Type(JsonSchemaType.String),
            ["datatype"] = Words(OipDatatype.All).With("The usual one; others are taken, too."),
            ["shape"] = ListOf(Type(JsonSchemaType.Integer), "The usual one; −1 = any length."),
        },
        "name", "datatype", "shape");

    private static OpenApiSchema Text(string description) => Type(JsonSchemaType.String, description);

    private static OpenApiSchema With(this OpenApiSchema schema, string description)
    {
        schema.Description = description;
        return schema;
    }
}
