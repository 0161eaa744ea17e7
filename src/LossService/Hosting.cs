using LossService.Validation;
using Serilog;
using Serilog.Formatting.Compact;

namespace LossService;

/// <summary>What the host is made of; each part with the reasons for its settings.</summary>
internal static class Hosting
{
    /// <summary>Serilog: compact JSON a line in Production, readable text in Development; never a payload.</summary>
    public static void AddLogging(this WebApplicationBuilder builder) => builder.Services.AddSerilog(logs =>
    {
        logs.ReadFrom.Configuration(builder.Configuration).Enrich.FromLogContext();
        if (builder.Environment.IsProduction()) logs.WriteTo.Console(new RenderedCompactJsonFormatter());
        else logs.WriteTo.Console(formatProvider: System.Globalization.CultureInfo.InvariantCulture);
    });

    /// <summary>Kestrel: no banner, strict framing, the limits of <see cref="Limits"/>.</summary>
    public static void AddServer(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<Limits>().BindConfiguration(nameof(Limits)).ValidateDataAnnotations().ValidateOnStart();
        var limits = builder.Configuration.GetSection(nameof(Limits)).Get<Limits>() ?? new();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = limits.BodyBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
            kestrel.Limits.MaxRequestHeaderCount = 50;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);
        });
    }

    /// <summary>The scoring path.</summary>
    public static void AddScoring(this WebApplicationBuilder builder) =>
        builder.Services.AddSingleton<RequestValidator>().AddSingleton<Scoring>();

    /// <summary>Liveness, readiness, and a short index for whoever opens the root.</summary>
    public static void MapHealth(this WebApplication app)
    {
        app.MapGet("/livez", () => Results.Text("live\n")).ExcludeFromDescription();
        app.MapGet("/readyz", () => Results.Text("ready\n")).ExcludeFromDescription();
        app.MapGet("/", () => Results.Json(new
        {
            service = "LossService",
            losses = "/v1/losses",
            documentation = "/swagger",
            openapi = "/swagger/v1/swagger.json",
            live = "/livez",
            ready = "/readyz",
        })).ExcludeFromDescription();
    }
}
