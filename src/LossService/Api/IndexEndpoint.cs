namespace LossService.Api;

/// <summary>The root: where everything is.</summary>
internal static class IndexEndpoint
{
    /// <summary>Maps <c>/</c>.</summary>
    public static void MapIndex(this IEndpointRouteBuilder app) => app.MapGet("/", () => Results.Json(new
    {
        service = "LossService",
        losses = "/v1/losses",
        limits = "/v1/limits",
        documentation = "/swagger",
        openapi = "/swagger/v1/swagger.json",
        live = "/livez",
        ready = "/readyz",
        metrics = "/metrics",
    })).ExcludeFromDescription().AllowAnonymous();
}
