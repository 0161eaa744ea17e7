using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using LossService.Http;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace LossService.OpenApi;

/// <summary>
/// Describes <c>GET /v1/limits</c> from the properties of <see cref="Limits"/>. There is no example, since some values depend on the
/// machine.
/// </summary>
internal sealed class LimitsDocument : IDocumentFilter
{
    private const string Route = "/v1/limits";

    /// <inheritdoc/>
    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
    {
        var operation = swaggerDoc.Paths[Route].Operations![HttpMethod.Get];
        operation.OperationId = "getLimits";
        operation.Summary = "Every limit in force";
        operation.Description = "The settings of the section `Limits`, or their defaults, some of which depend on the machine.";
        operation.Tags = new HashSet<OpenApiTagReference> { new(LossesDocument.Catalogue, swaggerDoc) };
        var limits = typeof(Limits).GetProperties().ToDictionary(
            limit => PropertySummary.LimitName(limit.Name), limit => (IOpenApiSchema)Describe(limit));
        operation.Responses = new OpenApiResponses
        {
            ["200"] = new OpenApiResponse
            {
                Description = "The limits.",
                Content = new Dictionary<string, IOpenApiMediaType>
                {
                    ["application/json"] = new OpenApiMediaType { Schema = Schemas.Object(new(limits), [.. limits.Keys]) },
                },
            },
        };
    }

    private static OpenApiSchema Describe(PropertyInfo limit)
    {
        var schema = Schemas.Type(JsonSchemaType.Integer, PropertySummary.Read(limit));
        if (limit.GetCustomAttribute<RangeAttribute>() is { } range)
            schema.Minimum = Convert.ToString(range.Minimum, CultureInfo.InvariantCulture);
        return schema;
    }
}
