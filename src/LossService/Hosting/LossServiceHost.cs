using LossService.Formats;
using LossService.Http;
using LossService.Requests;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Compact;
using Serilog.Settings.Configuration;

namespace LossService.Hosting;

/// <summary>The parts of the host, with the reasons for their settings.</summary>
internal static class LossServiceHost
{
    /// <summary>Serilog: one line of compact JSON for each event in Production, readable text in Development; never a payload.</summary>
    public static void AddLogging(this WebApplicationBuilder builder) => builder.Services.AddSerilog(logs =>
    {
        // the assembly with the sinks that the configuration can name: without it, Serilog searches all assemblies for them
        var sinks = new ConfigurationReaderOptions(typeof(ConsoleLoggerConfigurationExtensions).Assembly);
        logs.ReadFrom.Configuration(builder.Configuration, sinks).Enrich.FromLogContext();
        // RequestIds logs requests and their failures: for logs of its own, hosting makes an activity and two scopes for each
        // request, the exception handler logs each failure a second time, without the request's id, and gRPC each refusal as an error
        logs.MinimumLevel.Override("Microsoft.AspNetCore.Hosting.Diagnostics", LevelAlias.Off);
        logs.MinimumLevel.Override("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LevelAlias.Off);
        logs.MinimumLevel.Override("Grpc.AspNetCore.Server.ServerCallHandler", LevelAlias.Off);
        if (builder.Environment.IsProduction()) logs.WriteTo.Console(new RenderedCompactJsonFormatter());
        else logs.WriteTo.Console(formatProvider: System.Globalization.CultureInfo.InvariantCulture);
    });

    /// <summary>Kestrel: no banner, strict framing, the limits of <see cref="Limits"/>.</summary>
    public static void AddServer(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<Limits>().BindConfiguration(nameof(Limits)).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<Admission>();
        // computations hold threads for seconds; the next request, such as a probe, must not wait until the pool adds one
        ThreadPool.SetMinThreads(4 * Environment.ProcessorCount, Environment.ProcessorCount);
        // a bare line feed does not end a line: request smuggling uses proxies and servers that disagree on this
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, ReceivePool>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // RequestBody and NdjsonLines have limits of their own; this one would also count the framing of chunks
            kestrel.Limits.MaxRequestBodySize = null;
            // lets numbers be formatted while others are sent; with 64 KB, the default, each waits for the other
            kestrel.Limits.MaxResponseBufferSize = 256 * 1024;
            // what is received before it is asked for is in no budget
            kestrel.Limits.MaxRequestBufferSize = 256 * 1024;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
            kestrel.Limits.MaxRequestHeaderCount = 50;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);
        });
        builder.Services.AddOptions<KestrelServerOptions>().Configure<IOptions<Limits>>((kestrel, limits) =>
        {
            // a slower client is disconnected, since it only holds memory
            MinDataRate rate = new(limits.Value.BytesPerSecond, TimeSpan.FromSeconds(limits.Value.GraceSeconds));
            kestrel.Limits.MinRequestBodyDataRate = rate;
            kestrel.Limits.MinResponseDataRate = rate;
        });
    }

    /// <summary>The scoring path and the formats of the native route, whose responses may be compressed.</summary>
    public static void AddScoring(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<RequestValidator>().AddSingleton<Scoring>().AddSingleton<FormatCatalogue>();
        builder.Services.AddOptions<ResponseCompressionOptions>().Configure<FormatCatalogue>((options, formats) =>
            options.MimeTypes = [.. ResponseCompressionDefaults.MimeTypes, .. formats.Writes.Select(type => type.Name)]);
    }

    /// <summary>
    /// Answers HEAD as GET without the body (RFC 9110, 9.3.2), on every route that has a GET; Kestrel leaves the body out.
    /// </summary>
    public static void UseHead(this WebApplication app)
    {
        app.Use((context, next) =>
        {
            if (HttpMethods.IsHead(context.Request.Method)) context.Request.Method = HttpMethods.Get;
            return next(context);
        });
        // without this call routing runs before all middleware, and sees HEAD
        app.UseRouting();
    }
}
