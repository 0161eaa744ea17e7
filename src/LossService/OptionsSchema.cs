using System.Text.Json.Nodes;
using LossService.Core;

namespace LossService;

/// <summary>A loss's options as JSON Schema (2020-12), made of what each option says of itself.</summary>
internal static class OptionsSchema
{
    /// <summary>The schema of an object with the loss's options.</summary>
    public static JsonObject Of(Loss loss) => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject(loss.Options.Select(option => KeyValuePair.Create(option.Name, (JsonNode?)Of(option)))),
    };

    private static JsonObject Of(Option option)
    {
        var schema = option.Form switch
        {
            OptionForm.Choice => new JsonObject { ["type"] = "string", ["enum"] = new JsonArray([.. option.Choices.Select(choice => JsonValue.Create(choice))]) },
            OptionForm.Integer or OptionForm.Number => Scalar(option),
            OptionForm.PerClass => List(option),
            _ => new JsonObject { ["oneOf"] = new JsonArray(Scalar(option), List(option)) },
        };
        schema["description"] = option.Description;
        if (option.DefaultValue is { } value) schema["default"] = JsonValue.Create(value);
        return schema;
    }

    private static JsonObject List(Option option) => new() { ["type"] = "array", ["items"] = Scalar(option) };

    private static JsonObject Scalar(Option option)
    {
        var isInteger = option.Form is OptionForm.Integer or OptionForm.Integers;
        var schema = new JsonObject { ["type"] = isInteger ? "integer" : "number" };
        if (double.IsFinite(option.Minimum)) schema[option.Open ? "exclusiveMinimum" : "minimum"] = option.Minimum;
        if (double.IsFinite(option.Maximum)) schema[option.Open ? "exclusiveMaximum" : "maximum"] = option.Maximum;
        return schema;
    }
}
