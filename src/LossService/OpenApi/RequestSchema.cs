using System.Text.Json.Nodes;
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
    /// <summary>The schema of a request for <paramref name="loss"/>.</summary>
    public static OpenApiSchema Of(Loss loss, OpenApiDocument document)
    {
        var properties = new Dictionary<string, IOpenApiSchema>();
        foreach (var form in loss.Accepts)
            properties[form.Name()] = OrNull(Ref(Schemas.Tensor, document), Describe(form, loss.Kind));
        if (loss.Kind == LossKind.Binary)
            properties[Fields.Labels] = new OpenApiSchema
            {
                Description = Describe(loss.Labels),
                AnyOf = [Ref(Schemas.Tensor, document), Ref(NestedBooleans, document)],
            };
        else if (loss.Labels != LabelRule.None)
            properties[Fields.Labels] = Ref(Schemas.Tensor, document, Describe(loss.Labels));
        properties[Fields.SampleWeight] = OrNull(Ref(Schemas.Tensor, document),
            $"The weight of each sample; default 1. {FewerAxes}");
        properties[Fields.Mask] = new OpenApiSchema
        {
            Description = $"A sample whose entry is false or 0 is left out and not read. {FewerAxes}",
            AnyOf = [Ref(NestedBooleans, document), Ref(EncodedTensor, document), Type(JsonSchemaType.Null)],
        };
        foreach (var option in loss.Options) properties[option.Name] = OptionsSchema.Of(option);
        AddHeader(properties, loss);

        var schema = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Properties = properties,
            Required = loss.Labels == LabelRule.None ? null : new HashSet<string> { Fields.Labels },
            AdditionalPropertiesAllowed = false,
        };
        // exactly one form of predictions that is not null
        schema.OneOf = [.. loss.Accepts.Select(form => new OpenApiSchema
        {
            Required = new HashSet<string> { form.Name() },
            Properties = new Dictionary<string, IOpenApiSchema> { [form.Name()] = Ref(Schemas.Tensor, document) },
        })];
        return schema;
    }

    private const string FewerAxes =
        "In the samples' shape, or a leading part of it: then an entry counts for all samples below it. "
        + "Further axes of length 1 are allowed.";

    private static void AddHeader(Dictionary<string, IOpenApiSchema> properties, Loss loss)
    {
        properties[Fields.Outputs] = new OpenApiSchema
        {
            Type = JsonSchemaType.Array | JsonSchemaType.Null,
            Items = Words(loss.Outputs.Select(output => output.Name)),
            MinItems = 1,
            Default = new JsonArray(OutputCatalogue.All.Single(output => output.Flag == OutputCatalogue.GetDefault(default)).Name),
            Description = "What to compute.",
        };
        properties[Fields.Reduction] = Choice(Fields.Reductions.All,
            "How the samples' losses are reduced to loss. With none there is no loss, outputs defaults to losses, and the gradient is "
            + "that of the sum.");
        properties[Fields.MeanOver] = Choice(Fields.MeanOvers.All,
            "What the mean divides by: Σw, or the number of samples that are neither masked nor ignored.");
        properties[Fields.DType] = Choice([DType.Float32.Name(), DType.Float64.Name()],
            "The dtype of JSON numbers in the request and of result tensors; loss and totals are always float64. Where the predictions "
            + "are bytes, results have their dtype unless dtype is given.");
        if (loss.IsInformation)
            properties[Fields.Unit] = Choice(Fields.Units.All, "The unit of the loss: nats (natural logarithms) or bits.");
        properties[Fields.TensorEncoding] = Choice(Fields.TensorEncodings.All,
            "How result tensors are written: as nested arrays, or as objects with their bytes in base64.");
        properties[Fields.Id] = Type(JsonSchemaType.String | JsonSchemaType.Null, "Any string, returned in the response.");
    }

    /// <summary>One of a few words, of which the first is the default.</summary>
    private static OpenApiSchema Choice(IEnumerable<string> words, string description)
    {
        var schema = OptionsSchema.OrNull(Words(words));
        schema.Default = schema.Enum![0].DeepClone();
        schema.Description = description;
        return schema;
    }

    private static OpenApiSchema OrNull(IOpenApiSchema schema, string description) =>
        new() { AnyOf = [schema, Type(JsonSchemaType.Null)], Description = description };

    private static string Describe(PredictionForm form, LossKind kind) => (form switch
    {
        PredictionForm.Logits => kind == LossKind.Categorical ? "Raw scores z, before softmax" : "Raw scores z, before sigmoid",
        PredictionForm.Probabilities => kind == LossKind.Categorical ? "p in [0, 1]; a row sums to 1" : "p in [0, 1]",
        _ => "log p ≤ 0",
    }) + (kind == LossKind.Categorical ? ". Classes are on the last axis." : ". Each element is a sample.");

    private static string Describe(LabelRule rule) => rule switch
    {
        LabelRule.Distribution => "Class indices from 0, in the samples' shape; or dense rows that sum to 1, in the predictions' shape.",
        LabelRule.Class => "Class indices from 0, in the samples' shape; or one-hot rows, in the predictions' shape.",
        LabelRule.Probability => "The target of each element, a number from 0 to 1 or a boolean, in the predictions' shape.",
        _ => "0 or 1, or a boolean, for each element, in the predictions' shape.",
    };
}
