using System.Diagnostics;
using Microsoft.AspNetCore.Diagnostics;
using Serilog.Core;
using Serilog.Events;

namespace LossService.Hosting;

/// <summary>Gives every request an id, the client's <c>X-Request-Id</c> or a new one, which the response and the log contain.</summary>
internal static class RequestIds
{
    private const string Header = "X-Request-Id";

    /// <summary>The source of the lines about requests in the log.</summary>
    private const string Source = "LossService.Requests";

    private const string Line = "{RequestMethod} {RequestPath} answered {StatusCode} in {Elapsed:0.0} ms ({RequestId})";

    /// <summary>
    /// Echoes or makes ids, and logs a line for each request: method, path, status, time; no payload. A client's error is logged at
    /// Information, the service's at Error, a success at Debug, since a line takes longer than a small batch.
    /// </summary>
    /// <remarks>
    /// Serilog's own request logging lets code add properties to the line, which takes 0.5 KB and an execution context for each
    /// request, logged or not; nothing here adds any.
    /// </remarks>
    public static void UseRequestIds(this WebApplication app)
    {
        var log = app.Services.GetRequiredService<Serilog.ILogger>().ForContext(Constants.SourceContextPropertyName, Source);
        app.Use(async (context, next) =>
        {
            var start = Stopwatch.GetTimestamp();
            Identify(context);
            using var trace = Continue(context.Request.Headers);
            try
            {
                await next(context);
            }
            finally
            {
                Write(log, context, Stopwatch.GetElapsedTime(start));
            }
        });
    }

    private static void Write(Serilog.ILogger log, HttpContext context, TimeSpan elapsed)
    {
        var level = context.Response.StatusCode switch
        {
            // deliberate: the readiness probe's while draining, and a deadline's
            StatusCodes.Status503ServiceUnavailable or StatusCodes.Status504GatewayTimeout => LogEventLevel.Information,
            >= 500 => LogEventLevel.Error,
            >= 400 => LogEventLevel.Information,
            _ => LogEventLevel.Debug,
        };
        if (!log.IsEnabled(level)) return;
        var cause = context.Features.Get<IExceptionHandlerFeature>()?.Error;
        log.Write(
            level, cause, Line,
            context.Request.Method, context.Request.Path, context.Response.StatusCode, elapsed.TotalMilliseconds, context.TraceIdentifier);
    }

    private static void Identify(HttpContext context)
    {
        var posted = context.Request.Headers[Header].ToString();
        if (posted.Length is > 0 and <= 128 && posted.All(c => c is > ' ' and <= '~')) context.TraceIdentifier = posted;
        // when the response starts, since a failed one is cleared before the problem is written
        context.Response.OnStarting(static state =>
        {
            var started = (HttpContext)state;
            started.Response.Headers[Header] = started.TraceIdentifier;
            return Task.CompletedTask;
        }, context);
    }

    /// <summary>
    /// Continues the client's trace (W3C <c>traceparent</c>), so that the log's lines carry it; null where there is none, or it
    /// is continued already.
    /// </summary>
    private static Activity? Continue(IHeaderDictionary headers) =>
        Activity.Current is null && ActivityContext.TryParse(headers.TraceParent, headers.TraceState, isRemote: true, out var parent)
            ? new Activity(Source).SetParentId(parent.TraceId, parent.SpanId, parent.TraceFlags).Start() : null;
}
