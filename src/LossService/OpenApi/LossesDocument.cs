using LossService.Core.Losses;
using LossService.Formats;
using LossService.Http;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace LossService.OpenApi;

/// <summary>
/// Describes what the explorer found: the routes are its own, all else follows from the catalogue, so that a new loss is
/// documented by being there.
/// </summary>
internal sealed class LossesDocument(
    EndpointDataSource endpoints, IServiceProvider services, FormatCatalogue formats, IOptions<Limits> limits) : IDocumentAsyncFilter
{
    /// <summary>The loss that stands for all where a path takes any.</summary>
    public const string Shown = "cross_entropy";

    private const string Catalogue = "Catalogue";
    private const string ListRoute = "/v1/losses";
    private const string PageRoute = "/v1/losses/{loss}";

    private readonly Rehearsal _rehearsal = new(endpoints, services);

    /// <inheritdoc/>
    public async Task ApplyAsync(OpenApiDocument swaggerDoc, DocumentFilterContext context, CancellationToken cancellationToken)
    {
        AddTags(swaggerDoc);
        Schemas.AddTo(swaggerDoc);
        await new ProblemResponses(_rehearsal, limits).AddToAsync(swaggerDoc);
        foreach (var loss in LossCatalogue.All)
        {
            var route = $"{ListRoute}/{loss.Name}";
            await LossOperation.DescribeAsync(Find(swaggerDoc, route, HttpMethod.Post), loss, route, swaggerDoc, formats, _rehearsal);
        }
        await DescribeListAsync(Find(swaggerDoc, ListRoute, HttpMethod.Get), swaggerDoc);
        await DescribePageAsync(Find(swaggerDoc, PageRoute, HttpMethod.Get), swaggerDoc);
    }

    /// <summary>The part of a path that names a loss of the catalogue.</summary>
    public static OpenApiParameter NameOf(string part) => new()
    {
        Name = part,
        In = ParameterLocation.Path,
        Required = true,
        Schema = Schemas.Words(LossCatalogue.All.Select(loss => loss.Name)),
        Example = Shown,
    };

    private static void AddTags(OpenApiDocument document) => document.Tags = new HashSet<OpenApiTag>
    {
        new() { Name = LossOperation.Tag(LossKind.Categorical), Description = "A sample is a row of K classes, of which one is true" },
        new() { Name = LossOperation.Tag(LossKind.Binary), Description = "Each element is a sample, true or false by itself" },
        new() { Name = Catalogue, Description = "What losses there are, for programs" },
    };

    private async Task DescribeListAsync(OpenApiOperation operation, OpenApiDocument document)
    {
        operation.OperationId = "list_losses";
        operation.Summary = "All losses, and the limits";
        operation.Tags = new HashSet<OpenApiTagReference> { new(Catalogue, document) };
        operation.Responses = new OpenApiResponses
        {
            ["200"] = new OpenApiResponse
            {
                Description = "Every loss in short.",
                Content = LossOperation.Json(CatalogueSchemas.List(document), await _rehearsal.AnswerAsync("GET", ListRoute)),
            },
        };
    }

    private async Task DescribePageAsync(OpenApiOperation operation, OpenApiDocument document)
    {
        operation.OperationId = "get_loss";
        operation.Summary = "One loss, with its options' JSON Schema and a request that scores";
        operation.Tags = new HashSet<OpenApiTagReference> { new(Catalogue, document) };
        operation.Parameters = [NameOf("loss")];
        operation.Responses = new OpenApiResponses
        {
            ["200"] = new OpenApiResponse
            {
                Description = "The loss's page.",
                Content = LossOperation.Json(
                    Schemas.Ref(Schemas.LossPage, document),
                    await _rehearsal.AnswerAsync("GET", PageRoute, request => request.RouteValues["loss"] = Shown)),
            },
        };
        ProblemResponses.AddTo(operation.Responses, ProblemResponses.OfPages, document);
    }

    private static OpenApiOperation Find(OpenApiDocument document, string route, HttpMethod method) =>
        document.Paths[route].Operations![method];
}
