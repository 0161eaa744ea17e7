using System.Diagnostics;
using LossService.Http;
using LossService.Telemetry;
using Microsoft.Extensions.Options;
using Serilog.Core;

namespace LossService.Hosting;

/// <summary>Gives every request an id, the client's <c>X-Request-Id</c> or a new one, which the response and the log contain.</summary>
internal static class RequestIds
{
    private const string Header = "X-Request-Id";

    /// <summary>The source of the lines about requests in the log.</summary>
    private const string Source = "LossService.Requests";

    /// <summary>Echoes or makes ids, and logs a line for each request, see <see cref="RequestLog"/>.</summary>
    public static void UseRequestIds(this WebApplication app)
    {
        var log = new RequestLog(
            app.Services.GetRequiredService<Serilog.ILogger>().ForContext(Constants.SourceContextPropertyName, Source),
            app.Services.GetRequiredService<IOptions<Limits>>().Value);
        var meter = app.Services.GetRequiredService<HttpMeter>();
        app.Use(async (context, next) =>
        {
            var start = Stopwatch.GetTimestamp();
            var metered = meter.Begin(context.Request);
            Identify(context);
            using var trace = Continue(context.Request.Headers);
            Exception? failure = null;
            try
            {
                await next(context);
            }
            catch (Exception thrown)
            {
                failure = thrown;
                throw;
            }
            finally
            {
                var end = Stopwatch.GetTimestamp();
                RequestCounting.Count(context, failure is null);
                meter.End(metered, context, end - start, failure);
                log.Write(context, Stopwatch.GetElapsedTime(start, end));
            }
        });
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
