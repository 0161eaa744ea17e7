using LossService.Formats.Json;
using LossService.Formats.Ndjson;
using LossService.Http;
using LossService.Requests;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Compact;
using Serilog.Settings.Configuration;

namespace LossService.Hosting;

/// <summary>What the host is made of; each part with the reasons for its settings.</summary>
internal static class LossServiceHost
{
    /// <summary>Serilog: compact JSON a line in Production, readable text in Development; never a payload.</summary>
    public static void AddLogging(this WebApplicationBuilder builder) => builder.Services.AddSerilog(logs =>
    {
        // the assemblies that the configuration may name sinks of: it would look for them in every one that there is, otherwise
        logs.ReadFrom.Configuration(builder.Configuration, new ConfigurationReaderOptions(typeof(ConsoleLoggerConfigurationExtensions).Assembly)).Enrich.FromLogContext();
        // RequestIds logs requests, and what failed in them: hosting would make an activity and two scopes for each, in case it
        // logs them, too, and the exception handler would write a failure down a second time, without the request's id
        logs.MinimumLevel.Override("Microsoft.AspNetCore.Hosting.Diagnostics", LevelAlias.Off);
        logs.MinimumLevel.Override("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LevelAlias.Off);
        if (builder.Environment.IsProduction()) logs.WriteTo.Console(new RenderedCompactJsonFormatter());
        else logs.WriteTo.Console(formatProvider: System.Globalization.CultureInfo.InvariantCulture);
    });

    /// <summary>Kestrel: no banner, strict framing, the limits of <see cref="Limits"/>.</summary>
    public static void AddServer(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<Limits>().BindConfiguration(nameof(Limits)).ValidateDataAnnotations().ValidateOnStart();
        // a bare line feed ends no line: what a proxy takes for one line and a server for two is how requests are smuggled
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, ReceivePool>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // whoever reads a body counts what it keeps; this would count the framing of the chunks, too
            kestrel.Limits.MaxRequestBodySize = null;
            // the next numbers become text while the last are on their way; 64 KB, the default, makes each wait for the other
            kestrel.Limits.MaxResponseBufferSize = 1024 * 1024;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
            kestrel.Limits.MaxRequestHeaderCount = 50;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);
            // a client that sends or takes less than this holds a connection, not a conversation
            MinDataRate rate = new(bytesPerSecond: 64 * 1024, gracePeriod: TimeSpan.FromSeconds(5));
            kestrel.Limits.MinRequestBodyDataRate = rate;
            kestrel.Limits.MinResponseDataRate = rate;
        });
    }

    /// <summary>The scoring path.</summary>
    public static void AddScoring(this WebApplicationBuilder builder) =>
        builder.Services.AddSingleton<RequestValidator>().AddSingleton<Scoring>().AddSingleton<JsonFormat>().AddSingleton<NdjsonFormat>();

    /// <summary>HEAD is GET without the body (RFC 9110, 9.3.2), for every route that has a GET; Kestrel leaves the body out by itself.</summary>
    public static void UseHead(this WebApplication app)
    {
        app.Use((context, next) =>
        {
            if (HttpMethods.IsHead(context.Request.Method)) context.Request.Method = HttpMethods.Get;
            return next(context);
        });
        // where nobody says so, routing comes first of all and would have seen HEAD
        app.UseRouting();
    }

    /// <summary>Liveness, readiness, and a short index for whoever opens the root.</summary>
    public static void MapHealth(this WebApplication app)
    {
        app.MapGet("/livez", (HttpResponse response) => Now(response, "live\n", 200)).ExcludeFromDescription();
        app.MapGet("/readyz", (HttpResponse response, Readiness readiness) =>
            readiness.IsReady ? Now(response, "ready\n", 200) : Now(response, "not ready\n", 503)).ExcludeFromDescription();
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

    /// <summary>What holds now and may not be kept by anyone in between.</summary>
    private static IResult Now(HttpResponse response, string text, int status)
    {
        response.Headers.CacheControl = "no-store";
        return Results.Text(text, statusCode: status);
    }
}
