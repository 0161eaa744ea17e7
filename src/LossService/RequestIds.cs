using Serilog;
using Serilog.Events;

namespace LossService;

/// <summary>Every request has an id: the client's <c>X-Request-Id</c>, or one of ours; it stands in the answer and in the log.</summary>
internal static class RequestIds
{
    private const string Header = "X-Request-Id";

    /// <summary>
    /// Echoes or makes ids, and logs requests, a line each: method, path, status, time; no payload. Failures of clients are
    /// information, ours errors; a request that was answered is logged at Debug, since a line costs more than a small batch.
    /// </summary>
    public static void UseRequestIds(this WebApplication app)
    {
        app.Use((context, next) =>
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
            return next(context);
        });
        app.UseSerilogRequestLogging(options =>
        {
            options.EnrichDiagnosticContext = (log, context) => log.Set("RequestId", context.TraceIdentifier);
            options.GetLevel = (context, _, error) =>
                // a 503 is a decision, such as a probe's answer while draining, and no fault
                error is not null || context.Response.StatusCode is >= 500 and not 503 ? LogEventLevel.Error
                : context.Response.StatusCode >= 400 ? LogEventLevel.Information
                : LogEventLevel.Debug;
        });
    }
}
