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
    /// <summary>The schema of an object with the loss's options and nothing else, which says each default.</summary>
    public static OpenApiSchema Create(Loss loss) => new()
    {
        Type = JsonSchemaType.Object,
        Properties = loss.Options.ToDictionary(option => option.Name, IOpenApiSchema (option) => WithDefault(option)),
        AdditionalPropertiesAllowed = false,
    };

    /// <summary>
    /// The schema of one option's value, without its default: generators of clients require a member that has one, or send it. Of a
    /// number or a list, they take the number.
    /// </summary>
    public static OpenApiSchema Create(Option option)
    {
        var schema = option.Form switch
        {
            OptionForm.Choice => Schemas.Words(option.Choices),
            OptionForm.Flag => new OpenApiSchema { Type = JsonSchemaType.Boolean },
            OptionForm.Integer or OptionForm.Number => Scalar(option),
            OptionForm.PerClass => List(option),
            _ => ScalarOrList(option),
        };
        if (option.TakesNone) schema = new() { OneOf = [schema, Schemas.Words(Option.None)] };
        schema = Schemas.OrNull(schema);
        schema.Description = Describe(option);
        return schema;
    }

    /// <summary>What an option does, with which predictions, its range and its default.</summary>
    public static string Describe(Option option)
    {
        var only = option.OnlyWith is { } form ? $" Only with {form.Name()}." : "";
        var onlyLabels = option.OnlyWithLabels is { } labels
            ? $" Only with {string.Join(" or ", labels.Select(form => form.Name()))}." : "";
        var words = OptionWords.Describe(option);
        return $"{option.Description}{only}{onlyLabels} {char.ToUpperInvariant(words[0])}{words[1..]}.";
    }

    /// <summary>A schema as JSON.</summary>
    public static JsonNode ToJson(IOpenApiSchema schema)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        schema.SerializeAsV31(new OpenApiJsonWriter(text));
        return JsonNode.Parse(text.ToString())!;
    }

    private static OpenApiSchema WithDefault(Option option)
    {
        var schema = Create(option);
        schema.Default = JsonSerializer.SerializeToNode(option.DefaultValue);
        return schema;
    }

    private static OpenApiSchema ScalarOrList(Option option)
    {
        var schema = Scalar(option);
        schema.Type |= JsonSchemaType.Array;
        schema.Items = Scalar(option);
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

    /// <summary>
    /// A bound that readers of JSON and YAML take: some hold numbers as decimal, which ends at 7.9e28, so a bound beyond is left to
    /// the description; and YAML 1.1 takes 1E-06 for a string, and 1.0E-06 for a number.
    /// </summary>
    private static string? Bound(double value)
    {
        if (!(Math.Abs(value) < (double)decimal.MaxValue)) return null;
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        return text.Contains('.', StringComparison.Ordinal) ? text : text.Replace("E", ".0E", StringComparison.Ordinal);
    }
}
