using LossService.Formats;
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
    public const string Server = "ServerMetadata";
    public const string Models = "ModelList";
    public const string Model = "ModelMetadata";
    public const string Live = "ServerLive";
    public const string Ready = "ServerReady";
    public const string ModelReady = "ModelReady";
    private const string Datatype = "Datatype";
    private const string InputName = "InputName";
    private const string OutputName = "OutputName";
    private const string TensorMetadata = "TensorMetadata";

    /// <summary>Adds them to a document.</summary>
    public static void AddTo(OpenApiDocument document)
    {
        document.AddComponent(Datatype, Words(OipDatatype.All));
        document.AddComponent(InputName, Words(Fields.Tensors));
        document.AddComponent(OutputName, Words(TensorOutput.All.Select(output => output.Name)));
        document.AddComponent(TensorMetadata, Metadata(document));
        document.AddComponent(Live, Flag("live"));
        document.AddComponent(Ready, Flag("ready"));
        document.AddComponent(ModelReady, Flag("ready", "name"));
        document.AddComponent(Server, Object(
            new()
            {
                ["name"] = Text("The server's name."),
                ["version"] = Text("The server's version."),
                ["extensions"] = ListOf(Type(JsonSchemaType.String), "The extensions of the protocol that it supports."),
            },
            "name", "version", "extensions"));
        document.AddComponent(Models, Object(new() { ["models"] = ListOf(Type(JsonSchemaType.String)) }, "models"));
        document.AddComponent(Model, Object(
            new()
            {
                ["name"] = Text("The loss's name."),
                ["versions"] = ListOf(Type(JsonSchemaType.String), "The versions; each loss has one."),
                ["platform"] = Text("The platform; the same for every loss."),
                ["inputs"] = ListOf(Ref(TensorMetadata, document), "The inputs. A request has exactly one of the predictions."),
                ["outputs"] = ListOf(Ref(TensorMetadata, document), "The outputs."),
            },
            "name", "versions", "platform", "inputs", "outputs"));
        document.AddComponent(InferRequest, Request(document));
        document.AddComponent(InferResponse, Response(document));
    }

    /// <summary>An object with one flag, and the members <paramref name="names"/>.</summary>
    private static OpenApiSchema Flag(string flag, params string[] names)
    {
        var members = names.ToDictionary(name => name, _ => (IOpenApiSchema)Type(JsonSchemaType.String));
        members[flag] = Type(JsonSchemaType.Boolean);
        return Object(members, [.. members.Keys]);
    }

    private static OpenApiSchema Request(OpenApiDocument document) => Object(
        new()
        {
            ["id"] = OrNull(Text("Any string, returned in the response; the X-Request-Id where it is left out.")),
            ["parameters"] = Open(Parameters),
            ["inputs"] = ListOf(
                Name("InferInput", Object(
                    new(Tensor(InputName, document))
                    {
                        ["parameters"] = Open("`binary_data_size`: the number of bytes of this input after the JSON, instead of `data`."),
                    },
                    "name", "shape", "datatype"), document),
                "Predictions, labels, and optionally a weight and a mask."),
            ["outputs"] = OrNull(ListOf(
                Name("RequestedOutput", Object(
                    new()
                    {
                        ["name"] = Ref(OutputName, document),
                        ["parameters"] = Open("`binary_data`: whether it follows the JSON as bytes."),
                    },
                    "name"), document),
                "What to compute; loss where it is left out, or losses if the reduction is none.")),
        },
        "inputs");

    private static OpenApiSchema Response(OpenApiDocument document) => Object(
        new()
        {
            ["model_name"] = Text("The name of the loss."),
            ["model_version"] = Text("Its version."),
            ["id"] = Text("The request's id."),
            ["parameters"] = Name("InferTotals", Object(
                new()
                {
                    ["total_samples"] = Type(JsonSchemaType.Integer, "The number of samples that are neither masked nor ignored."),
                    ["total_weight"] = Type(JsonSchemaType.Number, "Σw over them."),
                    ["total_loss"] = Number("Σwℓ over them."),
                    ["notices"] = Text("What is probably a mistake in the request; left out where there is nothing to say."),
                },
                "total_samples", "total_weight", "total_loss"), document),
            ["outputs"] = ListOf(
                Name("InferOutput", Object(
                    new(Tensor(OutputName, document))
                    {
                        ["parameters"] = Open("`binary_data_size`: the number of bytes of this output after the JSON, instead of `data`."),
                    },
                    "name", "shape", "datatype"), document),
                "The outputs, in the requested order."),
        },
        "model_name", "model_version", "id", "parameters", "outputs");

    /// <summary>An object of the protocol's parameters, which are open.</summary>
    private static OpenApiSchema Open(string description) => new()
    {
        Type = JsonSchemaType.Object | JsonSchemaType.Null,
        AdditionalProperties = new OpenApiSchema(),
        Description = description,
    };

    private static Dictionary<string, IOpenApiSchema> Tensor(string names, OpenApiDocument document) => new()
    {
        ["name"] = Ref(names, document),
        ["shape"] = ListOf(new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "0" }, "The lengths of the axes."),
        ["datatype"] = Ref(Datatype, document, "FP16 and BF16 are possible only as bytes."),
        ["data"] = new OpenApiSchema
        {
            Type = JsonSchemaType.Array | JsonSchemaType.Null,
            Items = new OpenApiSchema(),
            Description = "The elements, row-major, as one flat list or as nested lists.",
        },
    };

    private static OpenApiSchema Metadata(OpenApiDocument document) => Object(
        new()
        {
            ["name"] = Type(JsonSchemaType.String),
            ["datatype"] = Ref(Datatype, document, "The usual datatype; others are accepted."),
            ["shape"] = ListOf(Type(JsonSchemaType.Integer), "The usual shape; −1 is any length."),
        },
        "name", "datatype", "shape");

    private static OpenApiSchema Text(string description) => Type(JsonSchemaType.String, description);

    private const string Parameters =
        "The loss's options, `reduction`, `mean_over`, `divisor`, `unit` and `dtype` (that of the results), named as in the native "
        + "request; and `binary_data_output`: whether outputs without `binary_data` follow the JSON as bytes; and `timeout`: the "
        + "microseconds that scoring may take, after which the response is a 504; 0 is no limit. A string may hold a number or a list as "
        + "JSON. `priority`, `sequence_id`, `sequence_start`, `sequence_end`, `headers` and `content_type`, which Triton's and MLServer's "
        + "clients send, are ignored.";
}
