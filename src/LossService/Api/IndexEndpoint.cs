using LossService.Playground;

namespace LossService.Api;

/// <summary>The root: the playground for browsers, and for others where everything is.</summary>
internal static class IndexEndpoint
{
    /// <summary>Maps <c>/</c>.</summary>
    public static void MapIndex(this IEndpointRouteBuilder app)
    {
        app.MapPageAssets();
        app.MapGet("/", (HttpContext context) => HtmlPage.Choose(
            context, Json, () => PlaygroundFiles.Page)).ExcludeFromDescription().AllowAnonymous();
    }

    /// <summary>The address of the service as the client wrote it, for the examples of a page.</summary>
    public static string Root(this HttpRequest request) => $"{request.Scheme}://{request.Host}{request.PathBase}";

    private static IResult Json() => Results.Json(new
    {
        service = "LossService",
        losses = "/v1/losses",
        limits = "/v1/limits",
        documentation = "/swagger",
        openapi = "/swagger/v1/swagger.json",
        live = "/livez",
        ready = "/readyz",
        metrics = "/metrics",
    });
}
