using System.Text.Json.Nodes;
using LossService.Problems;
using Microsoft.AspNetCore.Authorization;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace LossService.OpenApi;

/// <summary>
/// Describes keys and tokens, with which Swagger UI shows its button <em>Authorize</em>. It is registered only where the service
/// requires them: elsewhere the button would ask for what is not needed, and generated clients for a key that nobody has.
/// </summary>
internal sealed class AccessDocument : IDocumentFilter
{
    private const string Bearer = "bearer";
    private const string ApiKey = "api_key";

    /// <inheritdoc/>
    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
    {
        swaggerDoc.AddComponent<IOpenApiSecurityScheme>(Bearer, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = Bearer,
            Description = "A key, or a token of the identity provider",
        });
        swaggerDoc.AddComponent<IOpenApiSecurityScheme>(ApiKey, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.ApiKey,
            In = ParameterLocation.Header,
            Name = "X-Api-Key",
            Description = "A key",
        });
        Add(swaggerDoc, "Unauthorized", "`unauthorized`: a key or token is required, and missing or wrong.",
            ProblemTypes.Unauthorized("The key is not known."));
        Add(swaggerDoc, "Forbidden", "`forbidden`: the key or token lacks the scope `score`.",
            ProblemTypes.Forbidden("The key or token lacks the scope \"score\"."));
        Add(swaggerDoc, "Unavailable", "`unavailable`: a token cannot be checked, because the identity provider cannot be reached.",
            ProblemTypes.Unavailable());
        foreach (var endpoint in context.ApiDescriptions)
        {
            if (endpoint.ActionDescriptor.EndpointMetadata.OfType<IAllowAnonymous>().Any()) continue;
            // the route of a group itself ends in a slash, its path does not
            var path = $"/{endpoint.RelativePath!.TrimEnd('/')}";
            var operation = swaggerDoc.Paths[path].Operations![HttpMethod.Parse(endpoint.HttpMethod)];
            operation.Security =
            [
                new() { [new OpenApiSecuritySchemeReference(Bearer, swaggerDoc)] = [] },
                new() { [new OpenApiSecuritySchemeReference(ApiKey, swaggerDoc)] = [] },
            ];
            ProblemResponses.AddTo(operation.Responses!, [(401, "Unauthorized"), (403, "Forbidden"), (503, "Unavailable")], swaggerDoc);
        }
    }

    private static void Add(OpenApiDocument document, string name, string description, Problem example) =>
        document.AddComponent<IOpenApiResponse>(name, new OpenApiResponse
        {
            Description = description,
            Content = new Dictionary<string, IOpenApiMediaType>
            {
                [Problem.MediaType] = new OpenApiMediaType
                {
                    Schema = Schemas.Ref(Schemas.Problem, document),
                    Example = JsonNode.Parse(System.Text.Json.JsonSerializer.Serialize(example, Problem.Json)),
                },
            },
        });
}
