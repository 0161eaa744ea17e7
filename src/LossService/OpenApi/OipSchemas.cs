using LossService.Formats.OpenInference;
using LossService.Requests;
using Microsoft.OpenApi;
using static LossService.OpenApi.Schemas;

namespace LossService.OpenApi;

/// <summary>The schemas of the Open Inference Protocol. They are the same for every loss.</summary>
internal static class OipSchemas
{
    public const string InferRequest = "InferRequest";
    public const string InferResponse = "InferResponse";

    /// <summary>Adds the schemas of requests and responses to a document.</summary>
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
            ["extensions"] = ListOf(Type(JsonSchemaType.String), "The extensions of the protocol that it supports."),
        },
        "name", "version", "extensions");

    /// <summary><c>GET /v2/models</c>: the names of all losses.</summary>
    public static OpenApiSchema Models() => Object(new() { ["models"] = ListOf(Type(JsonSchemaType.String)) }, "models");

    /// <summary><c>GET /v2/models/{model}</c>: the inputs and outputs of a loss.</summary>
    public static OpenApiSchema Model() => Object(
        new()
        {
            ["name"] = Text("The loss's name."),
            ["versions"] = ListOf(Type(JsonSchemaType.String), "The versions; each loss has one."),
            ["platform"] = Text("The platform; the same for every loss."),
            ["inputs"] = ListOf(Metadata(), "The inputs. A request has exactly one of the predictions."),
            ["outputs"] = ListOf(Metadata(), "The outputs."),
        },
        "name", "versions", "platform", "inputs", "outputs");

    /// <summary>A response with one flag, <c>live</c> or <c>ready</c>, and the members <paramref name="names"/>.</summary>
    public static OpenApiSchema Flag(string flag, params string[] names)
    {
        var members = names.ToDictionary(name => name, _ => (IOpenApiSchema)Type(JsonSchemaType.String));
        members[flag] = Type(JsonSchemaType.Boolean);
        return Object(members, [.. members.Keys]);
    }

    private static OpenApiSchema Request(OpenApiDocument document) => Object(
        new()
        {
            ["id"] = Text("Any string, returned in the response; by default the X-Request-Id."),
            ["parameters"] = Object(new()
            {
                ["binary_data_output"] = Type(JsonSchemaType.Boolean, "Whether outputs without `binary_data` follow the JSON as bytes."),
            }),
            ["inputs"] = ListOf(
                Object(
                    new(Tensor(Words(Fields.Tensors), document))
                    {
                        ["parameters"] = BinarySize("The number of bytes of this input after the JSON, instead of `data`."),
                    },
                    "name", "shape", "datatype"),
                "Predictions, labels, and optionally a weight and a mask."),
            ["outputs"] = ListOf(
                Object(
                    new()
                    {
                        ["name"] = Words(OipOutput.All.Select(output => output.Name)),
                        ["parameters"] = Object(new()
                        {
                            ["binary_data"] = Type(JsonSchemaType.Boolean, "Whether it follows the JSON as bytes."),
                        }),
                    },
                    "name"),
                "What to compute; by default loss, or losses if the reduction is none."),
        },
        "inputs").With("`parameters` holds the loss's options, `reduction`, `mean_over`, `unit` and `dtype` (that of the "
            + "results), named as in the native request.");

    private static OpenApiSchema Response(OpenApiDocument document) => Object(
        new()
        {
            ["model_name"] = Text("The name of the loss."),
            ["model_version"] = Text("Its version."),
            ["id"] = Text("The request's id."),
            ["parameters"] = Object(
                new()
                {
                    ["total_samples"] = Type(JsonSchemaType.Integer, "The number of samples that are neither masked nor ignored."),
                    ["total_weight"] = Type(JsonSchemaType.Number, "Σw over them."),
                    ["total_loss"] = Ref(Number, document, "Σwℓ over them."),
                    ["notices"] = Text("What is probably a mistake in the request; left out where there is nothing to say."),
                },
                "total_samples", "total_weight", "total_loss"),
            ["outputs"] = ListOf(
                Object(
                    new(Tensor(Words(OipOutput.All.Select(output => output.Name)), document))
                    {
                        ["parameters"] = BinarySize("The number of bytes of this output after the JSON, instead of `data`."),
                    },
                    "name", "shape", "datatype"),
                "The outputs, in the requested order."),
        },
        "model_name", "model_version", "id", "parameters", "outputs");

    private static Dictionary<string, IOpenApiSchema> Tensor(OpenApiSchema names, OpenApiDocument document) => new()
    {
        ["name"] = names,
        ["shape"] = ListOf(new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "0" }, "The lengths of the axes."),
        ["datatype"] = Words(OipDatatype.All).With("FP16 and BF16 are possible only as bytes."),
        ["data"] = new OpenApiSchema
        {
            Description = "The elements, row-major, as one flat list or as nested lists.",
            AnyOf = [Ref(NestedNumbers, document), Ref(NestedBooleans, document)],
        },
    };

    private static OpenApiSchema BinarySize(string description) => Object(new()
    {
        ["binary_data_size"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "0", Description = description },
    });

    private static OpenApiSchema Metadata() => Object(
        new()
        {
            ["name"] = Type(JsonSchemaType.String),
            ["datatype"] = Words(OipDatatype.All).With("The usual datatype; others are accepted."),
            ["shape"] = ListOf(Type(JsonSchemaType.Integer), "The usual shape; −1 is any length."),
        },
        "name", "datatype", "shape");

    private static OpenApiSchema Text(string description) => Type(JsonSchemaType.String, description);

    private static OpenApiSchema With(this OpenApiSchema schema, string description)
    {
        schema.Description = description;
        return schema;
    }
}
