using LossService.Core.Losses;
using LossService.Formats;
using LossService.Http;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace LossService.OpenApi;

/// <summary>
/// Describes the native routes. The API explorer finds the routes; their texts, schemas and examples come from the catalogue,
/// so a new loss needs no code here.
/// </summary>
internal sealed class LossesDocument(
    EndpointDataSource endpoints, IServiceProvider services, FormatCatalogue formats, IOptions<Limits> limits) : IDocumentAsyncFilter
{
    /// <summary>The example loss of a path that takes any loss.</summary>
    public const string Shown = "cross_entropy";

    /// <summary>The tag of what can be read about the service.</summary>
    public const string Catalogue = "Catalogue";
    private const string OtherFormats = "Other formats";
    private const string ListRoute = "/v1/losses";
    private const string PageRoute = "/v1/losses/{loss}";

    private readonly Rehearsal _rehearsal = new(endpoints, services);

    /// <inheritdoc/>
    public async Task ApplyAsync(OpenApiDocument swaggerDoc, DocumentFilterContext context, CancellationToken cancellationToken)
    {
        AddTags(swaggerDoc);
        Schemas.AddTo(swaggerDoc);
        SparseSchema.AddTo(swaggerDoc);
        MetricSchemas.AddTo(swaggerDoc);
        CatalogueSchemas.AddTo(swaggerDoc);
        await new ProblemResponses(_rehearsal, limits).AddToAsync(swaggerDoc);
        foreach (var loss in LossCatalogue.All)
        {
            var route = $"{ListRoute}/{loss.Name}";
            await LossOperation.DescribeAsync(Find(swaggerDoc, route, HttpMethod.Post), loss, route, swaggerDoc, _rehearsal);
        }
        await SeveralDocument.DescribeAsync(Find(swaggerDoc, ListRoute, HttpMethod.Post), ListRoute, swaggerDoc, _rehearsal);
        await DescribeListAsync(Find(swaggerDoc, ListRoute, HttpMethod.Get), swaggerDoc);
        await DescribePageAsync(Find(swaggerDoc, PageRoute, HttpMethod.Get), swaggerDoc);
        DescribeOtherFormats(Find(swaggerDoc, PageRoute, HttpMethod.Post), swaggerDoc);
    }

    /// <summary>The path parameter whose value is the name of a loss.</summary>
    public static OpenApiParameter NameOf(string part, OpenApiDocument document) => new()
    {
        Name = part,
        In = ParameterLocation.Path,
        Required = true,
        Description = "The name of a loss.",
        Schema = Schemas.Ref(Schemas.LossName, document),
        Example = Shown,
    };

    private static void AddTags(OpenApiDocument document) => document.Tags = new HashSet<OpenApiTag>
    {
        new() { Name = LossOperation.Tag(LossKind.Categorical), Description = "A sample is a row of K classes; exactly one is true" },
        new() { Name = LossOperation.Tag(LossKind.Binary), Description = "A sample is one element, true or false by itself" },
        new() { Name = LossOperation.Tag(LossKind.Overlap), Description = "A loss is a ratio of sums over the elements of a class" },
        new() { Name = SeveralDocument.Tag, Description = "One batch, several losses" },
        new() { Name = OtherFormats, Description = "Batches that are not one JSON value" },
        new() { Name = Catalogue, Description = "Lists and describes the losses" },
    };

    private async Task DescribeListAsync(OpenApiOperation operation, OpenApiDocument document)
    {
        operation.OperationId = "listLosses";
        operation.Description = "The catalogue in short. `GET /v1/losses/{loss}` has the whole page of each.";
        operation.Summary = "All losses, and the limits";
        operation.Tags = new HashSet<OpenApiTagReference> { new(Catalogue, document) };
        operation.Responses = new OpenApiResponses
        {
            ["200"] = new OpenApiResponse
            {
                Description = "A summary of every loss, and the limits.",
                Content = LossOperation.Json(
                    Schemas.Ref(CatalogueSchemas.LossList, document), await _rehearsal.AnswerAsync("GET", ListRoute)),
            },
        };
    }

    private async Task DescribePageAsync(OpenApiOperation operation, OpenApiDocument document)
    {
        operation.OperationId = "getLoss";
        operation.Description = "A browser, whose Accept prefers `text/html`, gets the same as a page to read.";
        operation.Summary = "One loss, with the JSON Schema of its options and a valid request";
        operation.Tags = new HashSet<OpenApiTagReference> { new(Catalogue, document) };
        operation.Parameters = [NameOf("loss", document)];
        operation.Responses = new OpenApiResponses
        {
            ["200"] = new OpenApiResponse
            {
                Description = "The loss's page.",
                Content = LossOperation.Json(
                    Schemas.Ref(CatalogueSchemas.LossPage, document),
                    await _rehearsal.AnswerAsync("GET", PageRoute, request => request.RouteValues["loss"] = Shown)),
            },
        };
        ProblemResponses.AddTo(operation.Responses, ProblemResponses.OfPages, document);
    }

    /// <summary>
    /// An operation for what is not one JSON value. It is apart from the losses' own, which have one media type each: generators of
    /// clients confuse the types of an operation that has several.
    /// </summary>
    private void DescribeOtherFormats(OpenApiOperation operation, OpenApiDocument document)
    {
        var shown = LossCatalogue.Find(Shown)!;
        operation.OperationId = "score";
        operation.Summary = "Score with any loss, in a format other than JSON";
        operation.Description = "The route of each loss takes these media types as well as `application/json`.";
        operation.Tags = new HashSet<OpenApiTagReference> { new(OtherFormats, document) };
        operation.Parameters = [NameOf("loss", document)];
        operation.RequestBody = new OpenApiRequestBody { Required = true, Content = BodyContents.Describe(formats.Reads, shown) };
        operation.Responses = new OpenApiResponses
        {
            ["200"] = new OpenApiResponse { Description = "The scores.", Content = BodyContents.Describe(formats.Writes, shown) },
        };
        ProblemResponses.AddTo(operation.Responses, [.. ProblemResponses.OfScoring, .. ProblemResponses.OfPages], document);
    }

    private static OpenApiOperation Find(OpenApiDocument document, string route, HttpMethod method) =>
        document.Paths[route].Operations![method];
}
