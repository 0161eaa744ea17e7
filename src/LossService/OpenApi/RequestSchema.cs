using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Requests;
using Microsoft.OpenApi;
using static LossService.OpenApi.Schemas;

namespace LossService.OpenApi;

/// <summary>The schema of a request: predictions, labels, the loss's options, and the members that every loss has.</summary>
internal static class RequestSchema
{
    private const JsonSchemaType Number = JsonSchemaType.Number;
    private const JsonSchemaType Bit = JsonSchemaType.Number | JsonSchemaType.Boolean;

    /// <summary>The schema of a request for <paramref name="loss"/>.</summary>
    public static OpenApiSchema Create(Loss loss, OpenApiDocument document)
    {
        var properties = new Dictionary<string, IOpenApiSchema>();
        foreach (var form in loss.Accepts) properties[form.Name()] = Tensor(Describe(form, loss), JsonSchemaType.Null, document);
        var forms = loss.LabelForms.Where(form => !form.IsSparse()).ToArray();
        foreach (var form in forms)
        {
            var one = forms.Length > 1 ? $" A request has one of {string.Join(", ", forms.Select(f => f.Name()))}." : "";
            properties[form.Name()] = form == TargetForm.Labels
                ? Tensor(
                    Describe(loss) + one, (loss.Kind == LossKind.Categorical ? Number : Bit) | OrNull(loss), document,
                    loss.LabelForms.Contains(TargetForm.Values) ? SparseRows : null)
                : Tensor(Describe(form, loss.Kind) + one, JsonSchemaType.Null, document);
        }
        AddWeights(properties, document);
        foreach (var option in loss.Options)
            properties[option.Name] = option.Form == OptionForm.Choice
                ? RefOrNull(TypeName(option.Name), document, OptionsSchema.Describe(option))
                : OptionsSchema.Create(option);
        AddHeader(properties, loss, document);
        if (loss.IsInformation) properties[Fields.Unit] = DescribeUnit(document);

        return new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Properties = properties,
            Required = loss.LabelForms.Count == 1 ? new HashSet<string> { Fields.Labels } : null,
            AdditionalPropertiesAllowed = false,
        };
    }

    /// <summary>The schema of a unit.</summary>
    public static OpenApiSchema DescribeUnit(OpenApiDocument document) => RefOrNull(
        Schemas.Unit, document, "The unit of the loss: nats (natural logarithms) or bits. Default nats.");

    /// <summary>Adds weights and masks.</summary>
    public static void AddWeights(Dictionary<string, IOpenApiSchema> properties, OpenApiDocument document)
    {
        properties[Fields.SampleWeight] = Tensor(
            $"The weight of each sample; 1 where it is left out. {FewerAxes}", Number | JsonSchemaType.Null, document);
        properties[Fields.Mask] = Tensor(
            $"Booleans, or 0 and 1: a sample whose entry is false or 0 is left out and not read. {FewerAxes}",
            Bit | JsonSchemaType.Null, document);
    }

    private const string FewerAxes =
        "In the samples' shape, or a leading part of it: then an entry counts for all samples below it. "
        + "Further axes of length 1 are allowed.";

    /// <summary>The schema of a list of outputs.</summary>
    public static OpenApiSchema DescribeOutputs(string description, OpenApiDocument document) => new()
    {
        Type = JsonSchemaType.Array | JsonSchemaType.Null,
        Items = Ref(Schemas.Output, document),
        MinItems = 1,
        Description = description,
    };

    /// <summary>Adds the fields that are the same for every loss.</summary>
    /// <param name="properties">Takes them.</param>
    /// <param name="loss">The loss; null = several.</param>
    /// <param name="document">The document.</param>
    public static void AddHeader(Dictionary<string, IOpenApiSchema> properties, Loss? loss, OpenApiDocument document)
    {
        properties[Fields.Outputs] = DescribeOutputs(
            $"What to compute: {string.Join(", ", (loss?.Outputs ?? OutputCatalogue.All).Select(output => output.Name))}. "
            + "Default [\"loss\"], and [\"losses\"] with the reduction none.", document);
        properties[Fields.Reduction] = Choice(Schemas.Reduction, Fields.Reductions.All,
            "How the samples' losses are reduced to loss. With none there is no loss, and the gradient is that of the sum.");
        properties[Fields.MeanOver] = Choice(Schemas.MeanOver, Fields.MeanOvers.All,
            "What the mean divides by: Σw, or the number of samples that are neither masked nor ignored.");
        properties[Fields.Divisor] = new OpenApiSchema
        {
            Type = Number | JsonSchemaType.Null,
            ExclusiveMinimum = "0",
            Description = "A number that the mean divides by in place of what mean_over says: a client's own count, such as the tokens "
                + "of all micro-batches of a step, whose losses and gradients then add up to the step's. Only with the reduction mean. A "
                + "number from 1e-100 to 1e100.",
        };
        properties[Fields.DType] = Choice(Schemas.ResultDType, [DType.Float32.Name()],
            "The dtype of JSON numbers in the request and of result tensors; loss and totals are always float64. Where the predictions "
            + "are bytes, results have their dtype unless dtype is given.");
        properties[Fields.TensorEncoding] = Choice(Schemas.TensorEncoding, Fields.TensorEncodings.All,
            "How result tensors are written: as nested arrays, or as objects with their bytes in base64.");
        properties[Fields.Id] = Type(JsonSchemaType.String | JsonSchemaType.Null, "Any string, returned in the response.");

        // the first word is the default
        OpenApiSchema Choice(string name, IEnumerable<string> words, string description) =>
            RefOrNull(name, document, $"{description} Default {words.First()}.");
    }

    private static string Describe(PredictionForm form, Loss loss) => (form switch
    {
        PredictionForm.Logits => $"Raw scores z, before {loss.Kind switch
        {
            LossKind.Categorical => "softmax",
            LossKind.Binary => "sigmoid",
            _ => "softmax or sigmoid, as link says",
        }}",
        PredictionForm.Probabilities => loss.Kind == LossKind.Categorical ? "p in [0, 1]; a row sums to 1" : "p in [0, 1]",
        _ => "log p ≤ 0",
    }) + (loss.Kind != LossKind.Binary ? ". Classes are on the last axis, or on class_axis." : ". Each element is a sample.")
        + (loss.Accepts.Count > 1 ? $" A request has one of {string.Join(", ", loss.Accepts.Select(other => other.Name()))}." : "");

    /// <summary>Labels that have another form may be left out.</summary>
    private static JsonSchemaType OrNull(Loss loss) => loss.LabelForms.Count > 1 ? JsonSchemaType.Null : 0;

    private static string Describe(TargetForm form, LossKind kind) => (form, kind) switch
    {
        (TargetForm.Logits, LossKind.Categorical) =>
            "A teacher's raw scores, in the predictions' shape: the target is their softmax, which is not rounded.",
        (TargetForm.Logits, _) =>
            "A teacher's raw scores, in the predictions' shape: the target is their sigmoid, which is not rounded.",
        _ => "The natural logarithms of a teacher's probabilities, in the predictions' shape.",
    };

    private static string Describe(Loss loss) => loss.Labels switch
    {
        LabelRule.Probability when loss.Kind == LossKind.Overlap =>
            "Class indices from 0, in the predictions' shape without the class axis; or numbers from 0 to 1 or booleans, in their shape.",
        LabelRule.Distribution => "Class indices from 0, in the samples' shape; or dense rows that sum to 1, in the predictions' shape; "
            + "or sparse rows.",
        LabelRule.Class => "Class indices from 0, in the samples' shape; or one-hot rows, in the predictions' shape.",
        LabelRule.Classes => "Rows of 0 and 1, or booleans, in the predictions' shape, with a 1 for each true class; or class indices "
            + "from 0, in the samples' shape, where one class is true.",
        LabelRule.Relevance => "Relevances of any size and sign, or booleans, in the predictions' shape, of which only the order counts; "
            + "or class indices from 0, in the samples' shape, of the one relevant item.",
        LabelRule.Probability => "The target of each element, a number from 0 to 1 or a boolean, in the predictions' shape.",
        _ => "0 or 1, or a boolean, for each element, in the predictions' shape.",
    };
}
