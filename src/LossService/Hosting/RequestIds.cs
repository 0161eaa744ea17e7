using System.Diagnostics;
using Microsoft.AspNetCore.Diagnostics;
using Serilog.Core;
using Serilog.Events;

namespace LossService.Hosting;

/// <summary>Every request has an id: the client's <c>X-Request-Id</c>, or one of ours; it stands in the answer and in the log.</summary>
internal static class RequestIds
{
    private const string Header = "X-Request-Id";

    /// <summary>The source of the requests' lines in the log, and of nothing else.</summary>
    private const string Source = "LossService.Requests";

    private const string Line = "{RequestMethod} {RequestPath} answered {StatusCode} in {Elapsed:0.0} ms ({RequestId})";

    /// <summary>
    /// Echoes or makes ids, and logs requests, a line each: method, path, status, time; no payload. Failures of clients are
    /// information, ours errors; a request that was answered is logged at Debug, since a line costs more than a small batch.
    /// </summary>
    /// <remarks>
    /// Serilog's own request logging keeps a place for properties that anyone may add to the line, and nobody here does: 0.5 KB
    /// and an execution context of its own for each request, logged or not.
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
            // a decision, such as a probe's answer while draining, and no fault
            StatusCodes.Status503ServiceUnavailable => LogEventLevel.Information,
            >= 500 => LogEventLevel.Error,
            >= 400 => LogEventLevel.Information,
            _ => LogEventLevel.Debug,
        };
        if (!log.IsEnabled(level)) return;
        var cause = context.Features.Get<IExceptionHandlerFeature>()?.Error;
        log.Write(level, cause, Line, context.Request.Method, context.Request.Path, context.Response.StatusCode, elapsed.TotalMilliseconds, context.TraceIdentifier);
    }

    private static void Identify(HttpContext context)
    {
        var posted = context.Request.Headers[Header].ToString();
        if (posted.Length is > 0 and <= 128 && posted.All(c => c is > ' ' and <= '~')) context.TraceIdentifier = posted;
        // late, since a failed answer is cleared before the problem is written
        context.Response.OnStarting(static state =>
        {
            var started = (HttpContext)state;
            started.Response.Headers[Header] = started.TraceIdentifier;
            return Task.CompletedTask;
        }, context);
    }

    /// <summary>The client's trace (W3C <c>traceparent</c>), to which every line of the log then belongs; null where there is none, or someone continues it already.</summary>
    private static Activity? Continue(IHeaderDictionary headers) =>
        Activity.Current is null && ActivityContext.TryParse(headers.TraceParent, headers.TraceState, isRemote: true, out var parent)
            ? new Activity(Source).SetParentId(parent.TraceId, parent.SpanId, parent.TraceFlags).Start() : null;
}
