using LossService.Http;
using LossService.Problems;
using Microsoft.Extensions.Options;

namespace LossService.Api;

/// <summary>The limits in force, so that a client can fit its batches to them.</summary>
internal static class LimitsEndpoint
{
    /// <summary>Maps <c>/v1/limits</c>.</summary>
    public static void MapLimits(this IEndpointRouteBuilder app)
    {
        var limits = app.ServiceProvider.GetRequiredService<IOptions<Limits>>();
        app.MapGet("/v1/limits", () => Results.Json(limits.Value, Problem.Json)).AllowAnonymous();
    }
}
