using LossService.Formats;
using LossService.Hosting.Settings;
using LossService.Http;
using LossService.Requests;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Compact;
using Serilog.Settings.Configuration;

namespace LossService.Hosting;

/// <summary>The parts of the host, with the reasons for their settings.</summary>
internal static class LossServiceHost
{
    /// <summary>The builder: settings are read once, from the program's own folder, the environment and the command line.</summary>
    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        // slim: without HTTP/3, IIS and the framework's own loggers, which take 20 ms of the start; HTTPS stays, for those who set it
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            // nothing reads a setting again, so its file is not watched
            Args = ["--hostBuilder:reloadConfigOnChange=false", .. args],
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.WebHost.UseKestrelHttpsConfiguration();
        return builder;
    }

    /// <summary>Reads and checks the settings.</summary>
    public static ServiceSettings AddSettings(this WebApplicationBuilder builder)
    {
        var settings = SettingsReader.Read(builder.Configuration);
        builder.Services.AddSingleton(Options.Create(settings.Limits));
        return settings;
    }

    /// <summary>Serilog: readable text at a terminal, otherwise one line of compact JSON for each event; never a payload.</summary>
    public static void AddLogging(this WebApplicationBuilder builder) => builder.Services.AddSerilog(logs =>
    {
        // the assembly with the sinks that the configuration can name: without it, Serilog searches all assemblies for them
        var sinks = new ConfigurationReaderOptions(typeof(ConsoleLoggerConfigurationExtensions).Assembly);
        logs.ReadFrom.Configuration(builder.Configuration, sinks).Enrich.FromLogContext();
        // RequestIds logs requests and their failures: for logs of its own, hosting makes an activity and two scopes for each
        // request, the exception handler logs each failure a second time, without the request's id, and gRPC each refusal as an error
        logs.MinimumLevel.Override("Microsoft.AspNetCore.Hosting.Diagnostics", LevelAlias.Off);
        logs.MinimumLevel.Override("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LevelAlias.Off);
        // RequestIds logs each refusal of a call; this would add what the client sent
        logs.MinimumLevel.Override("Grpc", LogEventLevel.Warning);
        logs.MinimumLevel.Override("Grpc.AspNetCore.Server.ServerCallHandler", LevelAlias.Off);
        // that the service is not ready, while it warms up or stops, is no error
        logs.MinimumLevel.Override("Microsoft.Extensions.Diagnostics.HealthChecks", LevelAlias.Off);
        // StartFailure says why; hosting would add the trace
        logs.Filter.ByExcluding(IsFailureOfStart);
        if (Console.IsOutputRedirected) logs.WriteTo.Console(new RenderedCompactJsonFormatter());
        else logs.WriteTo.Console(formatProvider: System.Globalization.CultureInfo.InvariantCulture);
    });

    private static bool IsFailureOfStart(LogEvent line) =>
        line.Properties.TryGetValue(Constants.SourceContextPropertyName, out var source)
        && source is ScalarValue { Value: "Microsoft.Extensions.Hosting.Internal.Host" }
        && line.Exception is not null && StartFailure.Describe(line.Exception) is not null;

    /// <summary>Kestrel: no banner, strict framing, the limits of <see cref="Limits"/>.</summary>
    public static void AddServer(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Admission>();
        // computations hold threads for seconds; the next request, such as a probe, must not wait until the pool adds one
        ThreadPool.SetMinThreads(4 * Environment.ProcessorCount, Environment.ProcessorCount);
        SocketThreads.Engage();
        // a bare line feed does not end a line: request smuggling uses proxies and servers that disagree on this
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);
        builder.Services.AddSingleton<ReceivePool>();
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>>(services => services.GetRequiredService<ReceivePool>());
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // RequestBody and NdjsonLines have limits of their own; this one would also count the framing of chunks
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
            kestrel.Limits.MaxRequestHeaderCount = 50;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);
        });
        // what is received before it is asked for; the server's own limit of this name has no effect on a socket
        builder.Services.AddOptions<SocketTransportOptions>().Configure<ReceivePool>((sockets, pool) =>
            sockets.MaxReadBufferSize = pool.BytesAhead);
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
        app.Use((context, next) => HttpMethods.IsHead(context.Request.Method) ? AnswerHeadAsync(context, next) : next(context));
        // without this call routing runs before all middleware, and sees HEAD
        app.UseRouting();
    }

    private static async Task AnswerHeadAsync(HttpContext context, RequestDelegate next)
    {
        context.Request.Method = HttpMethods.Get;
        try
        {
            await next(context);
        }
        finally
        {
            // the server counts the end of a request by its method, as it did the start
            context.Request.Method = HttpMethods.Head;
        }
    }
}
