using System.Text.Json.Nodes;
using LossService.Core.Losses;
using LossService.Formats;
using LossService.Requests;
using Microsoft.OpenApi;

namespace LossService.OpenApi;

/// <summary>The contents of a request or a response that is not one JSON value: an entry for each media type.</summary>
internal static class BodyContents
{
    /// <summary>Describes those of <paramref name="types"/> that are not one JSON value.</summary>
    /// <param name="types">Media types of a route.</param>
    /// <param name="loss">The loss that the examples are for.</param>
    public static Dictionary<string, IOpenApiMediaType> Describe(IEnumerable<BodyType> types, Loss loss) =>
        types.Where(type => type.Content != BodyContent.Json).ToDictionary(type => type.Name, IOpenApiMediaType (type) =>
            new OpenApiMediaType
            {
                Schema = type.Content == BodyContent.Form ? DescribeForm(type) : Describe(type),
                Example = (JsonNode?)type.Example?.Invoke(loss),
            });

    /// <summary>OpenAPI 3.1 has no schema for text of several JSON values or for bytes but a string.</summary>
    private static OpenApiSchema Describe(BodyType type) => new()
    {
        Type = JsonSchemaType.String,
        Format = type.Content == BodyContent.Bytes ? "binary" : null,
        Description = type.Description,
    };

    /// <summary>A file for each tensor, and texts; the options depend on the loss, so they are not listed.</summary>
    private static OpenApiSchema DescribeForm(BodyType type) => new()
    {
        Type = JsonSchemaType.Object,
        Description = type.Description,
        Properties = Fields.Tensors.Concat(Fields.Header).ToDictionary(name => name, DescribePart),
        AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.String, Description = "Options of the loss." },
    };

    private static IOpenApiSchema DescribePart(string name)
    {
        var part = new OpenApiSchema { Type = JsonSchemaType.String, Format = Fields.TryFindTensor(name, out _) ? "binary" : null };
        return name == Fields.Outputs ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = part } : part;
    }
}
