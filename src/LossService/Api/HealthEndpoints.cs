using LossService.Http;

namespace LossService.Api;

/// <summary>The probes of an orchestrator.</summary>
internal static class HealthEndpoints
{
    /// <summary>The probe that asks only whether the process answers.</summary>
    public const string Alive = "/livez";

    /// <summary>Maps <c>/livez</c> and <c>/readyz</c>.</summary>
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        var readiness = app.ServiceProvider.GetRequiredService<Readiness>();
        app.MapGet(Alive, (HttpResponse response) => Probe(response, "live\n", 200)).ExcludeFromDescription().AllowAnonymous();
        app.MapGet("/readyz", (HttpResponse response) =>
            readiness.IsReady ? Probe(response, "ready\n", 200) : Probe(response, "not ready\n", 503)).ExcludeFromDescription()
            .AllowAnonymous();
    }

    /// <summary>A state that holds only now, so no cache may keep it.</summary>
    private static IResult Probe(HttpResponse response, string text, int status)
    {
        response.Headers.CacheControl = "no-store";
        return Results.Text(text, statusCode: status);
    }
}
