using System.Text.Json.Nodes;
using LossService.Core.Losses;
using LossService.Formats;
using Microsoft.OpenApi;

namespace LossService.OpenApi;

/// <summary>The contents of a request or a response: an entry for each media type that the formats have.</summary>
internal static class BodyContents
{
    /// <summary>Describes the media types of a route.</summary>
    /// <param name="types">The media types.</param>
    /// <param name="schema">The schema of those that are JSON.</param>
    /// <param name="example">The example of those that are JSON.</param>
    /// <param name="loss">The loss that examples in text are for; null = none have one.</param>
    public static Dictionary<string, IOpenApiMediaType> Describe(
        IEnumerable<BodyType> types, IOpenApiSchema schema, JsonNode example, Loss? loss = null) =>
        types.ToDictionary(type => type.Name, IOpenApiMediaType (type) => type.Content == BodyContent.Json
            ? new OpenApiMediaType { Schema = schema, Example = example }
            : new OpenApiMediaType { Schema = Describe(type), Example = loss is null ? null : (JsonNode?)type.Example?.Invoke(loss) });

    /// <summary>OpenAPI 3.1 has no schema for text of several JSON values or for bytes but a string.</summary>
    private static OpenApiSchema Describe(BodyType type) => new()
    {
        Type = JsonSchemaType.String,
        Format = type.Content == BodyContent.Bytes ? "binary" : null,
        Description = type.Description,
    };
}
