using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using Microsoft.OpenApi;

namespace LossService.OpenApi;

/// <summary>
/// A loss's options as JSON Schema (2020-12, which OpenAPI 3.1 uses as well), derived from the options' own declarations. The
/// catalogue's pages and the API document contain it.
/// </summary>
internal static class OptionsSchema
{
    /// <summary>The schema of an object with the loss's options and nothing else.</summary>
    public static OpenApiSchema Of(Loss loss) => new()
    {
        Type = JsonSchemaType.Object,
        Properties = loss.Options.ToDictionary(option => option.Name, IOpenApiSchema (option) => Of(option)),
        AdditionalPropertiesAllowed = false,
    };

    /// <summary>The schema of one option's value.</summary>
    public static OpenApiSchema Of(Option option)
    {
        var schema = option.Form switch
        {
            OptionForm.Choice => new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Enum = [.. option.Choices.Select(choice => JsonValue.Create(choice))],
            },
            OptionForm.Flag => new OpenApiSchema { Type = JsonSchemaType.Boolean },
            OptionForm.Integer or OptionForm.Number => Scalar(option),
            OptionForm.PerClass => List(option),
            _ => new OpenApiSchema { OneOf = [Scalar(option), List(option)] },
        };
        if (option.TakesNone) schema = new() { OneOf = [schema, Schemas.Words(Option.None)] };
        schema = OrNull(schema);
        schema.Description = option.OnlyWith is { } form ? $"{option.Description} Only with {form.Name()}." : option.Description;
        schema.Default = JsonSerializer.SerializeToNode(option.DefaultValue);
        return schema;
    }

    /// <summary>A schema as JSON.</summary>
    public static JsonNode ToJson(IOpenApiSchema schema)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        schema.SerializeAsV31(new OpenApiJsonWriter(text));
        return JsonNode.Parse(text.ToString())!;
    }

    /// <summary>The schema of a member that is not given where it is null, as generated clients send it.</summary>
    public static OpenApiSchema OrNull(OpenApiSchema schema)
    {
        if (schema.Type is null) schema.OneOf!.Add(new OpenApiSchema { Type = JsonSchemaType.Null });
        else schema.Type |= JsonSchemaType.Null;
        schema.Enum?.Add(JsonNullSentinel.JsonNull);
        return schema;
    }

    private static OpenApiSchema List(Option option) => new()
    {
        Type = JsonSchemaType.Array,
        Items = Scalar(option),
        MaxItems = option.MaxCount < int.MaxValue ? option.MaxCount : null,
    };

    private static OpenApiSchema Scalar(Option option)
    {
        var (minimum, maximum) = (Bound(option.Minimum), Bound(option.Maximum));
        return new()
        {
            Type = option.Form is OptionForm.Integer or OptionForm.Integers ? JsonSchemaType.Integer : JsonSchemaType.Number,
            Minimum = option.Open ? null : minimum,
            Maximum = option.Open ? null : maximum,
            ExclusiveMinimum = option.Open ? minimum : null,
            ExclusiveMaximum = option.Open ? maximum : null,
        };
    }

    private static string? Bound(double value) => double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : null;
}
