using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace LossService.Tests.OpenApi;

/// <summary>
/// Whether a value fits a schema: the keywords of JSON Schema 2020-12 that the document uses. A keyword it does not know is an
/// error, so that nothing in the document goes unchecked.
/// </summary>
internal sealed class SchemaCheck(ServedDocument document)
{
    private static readonly HashSet<string> Annotations = ["description", "default", "format", "title"];

    /// <summary>Whether <paramref name="value"/> fits <paramref name="schema"/>.</summary>
    public bool Fits(JsonNode? value, JsonNode schema) => schema.AsObject().All(keyword => keyword.Key switch
    {
        "$ref" => Fits(value, document.Resolve((string)keyword.Value!)!),
        "type" => Types(keyword.Value!).Any(type => IsType(value, type)),
        "enum" => keyword.Value!.AsArray().Any(word => JsonNode.DeepEquals(word, value)),
        "anyOf" => keyword.Value!.AsArray().Any(choice => Fits(value, choice!)),
        "not" => !Fits(value, keyword.Value!),
        "pattern" => value?.GetValueKind() != JsonValueKind.String || Regex.IsMatch((string)value!, (string)keyword.Value!),
        "oneOf" => keyword.Value!.AsArray().Count(choice => Fits(value, choice!)) == 1,
        "required" => value is not JsonObject members || keyword.Value!.AsArray().All(name => members.ContainsKey((string)name!)),
        "properties" => value is not JsonObject members || members
            .All(member => keyword.Value![member.Key] is not { } property || Fits(member.Value, property)),
        "additionalProperties" => value is not JsonObject members || members
            .All(member => schema["properties"]?[member.Key] is not null || IsAllowed(member.Value, keyword.Value!)),
        "items" => value is not JsonArray list || list.All(item => Fits(item, keyword.Value!)),
        "minItems" => value is not JsonArray list || list.Count >= (int)keyword.Value!,
        "maxItems" => value is not JsonArray list || list.Count <= (int)keyword.Value!,
        "minimum" => Number(value) is not { } number || number >= (double)keyword.Value!,
        "maximum" => Number(value) is not { } number || number <= (double)keyword.Value!,
        "exclusiveMinimum" => Number(value) is not { } number || number > (double)keyword.Value!,
        "exclusiveMaximum" => Number(value) is not { } number || number < (double)keyword.Value!,
        var other => Annotations.Contains(other) ? true : throw new NotSupportedException($"SchemaCheck does not know \"{other}\"."),
    });

    private bool IsAllowed(JsonNode? value, JsonNode additional) =>
        additional.GetValueKind() == JsonValueKind.Object ? Fits(value, additional) : (bool)additional;

    private static IEnumerable<string> Types(JsonNode type) =>
        type is JsonArray several ? several.Select(one => (string)one!) : [(string)type!];

    private static double? Number(JsonNode? value) => value?.GetValueKind() == JsonValueKind.Number ? (double)value : null;

    private static bool IsType(JsonNode? value, string type) => type switch
    {
        "null" => value is null,
        "object" => value is JsonObject,
        "array" => value is JsonArray,
        "string" => value?.GetValueKind() == JsonValueKind.String,
        "boolean" => value?.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
        "number" => Number(value) is not null,
        "integer" => Number(value) is { } number && double.IsInteger(number),
        _ => throw new NotSupportedException($"SchemaCheck does not know the type \"{type}\"."),
    };
}
