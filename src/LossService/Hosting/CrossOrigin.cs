using LossService.Hosting.Settings;
using LossService.Problems;

namespace LossService.Hosting;

/// <summary>Which web pages may call the service: those that it serves, and those of the origins that the setting names.</summary>
internal static class CrossOrigin
{
    /// <summary>What a browser says of the page that sends a request (W3C Fetch Metadata).</summary>
    private const string Site = "Sec-Fetch-Site";

    private static readonly string[] Readable =
        ["X-Request-Id", "Server-Timing", "Retry-After", "WWW-Authenticate", "Inference-Header-Content-Length"];

    /// <summary>Registers the framework's CORS where an origin is named.</summary>
    public static void AddCrossOrigin(this WebApplicationBuilder builder, CorsSettings settings)
    {
        if (settings.Each is not [_, ..] origins) return;
        builder.Services.AddCors(cors => cors.AddDefaultPolicy(policy => policy
            .WithOrigins(origins).WithMethods("GET", "POST").AllowAnyHeader().WithExposedHeaders(Readable)
            .SetPreflightMaxAge(TimeSpan.FromMinutes(10))));
    }

    /// <summary>
    /// Answers preflights and marks responses for the named origins. Requests that a page of another origin sends without a preflight
    /// are refused: it could not read the responses, but it could make the service compute.
    /// </summary>
    public static void UseCrossOrigin(this WebApplication app, CorsSettings settings)
    {
        var origins = settings.Each;
        if (origins.Length > 0) app.UseCors();
        if (origins.Contains("*")) return;
        app.Use((context, next) =>
        {
            var headers = context.Request.Headers;
            return !HttpMethods.IsPost(context.Request.Method) || !headers.TryGetValue(Site, out var site)
                || (site != "cross-site" && site != "same-site") || origins.Contains(headers.Origin.ToString())
                ? next(context)
                : context.RefuseAsync(ProblemTypes.Forbidden(
                    $"A web page of {ClientText.Quote(headers.Origin.ToString())} may not call this service. The setting Cors__Origins "
                    + "names the origins that may."));
        });
    }
}
