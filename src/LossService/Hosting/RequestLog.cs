using System.Globalization;
using LossService.Http;
using LossService.Problems;
using Microsoft.AspNetCore.Diagnostics;
using Serilog.Events;

namespace LossService.Hosting;

/// <summary>
/// The log's line for each request: method, path, status, time; no payload. A client's error is logged at Information, the
/// service's at Error, a success at Debug, since a line takes longer than a small batch.
/// </summary>
/// <remarks>
/// Serilog's own request logging lets code add properties to the line, which takes 0.5 KB and an execution context for each
/// request, logged or not; nothing here adds any.
/// </remarks>
internal sealed class RequestLog(Serilog.ILogger log, Limits limits)
{
    private const string Line = "{RequestMethod} {RequestPath} answered {StatusCode} in {Elapsed:0.0} ms ({RequestId})";
    private const string Rest = "{Count} more requests ended like this and have no line: at most {Limit} a second have one";
    private const int MaxPathLength = 256;

    private readonly LineRate _refusals = new(limits.LoggedRequests, count =>
        log.Write(LogEventLevel.Information, Rest, count, limits.LoggedRequests));

    private readonly LineRate _failures = new(limits.LoggedRequests, count =>
        log.Write(LogEventLevel.Error, Rest, count, limits.LoggedRequests));

    /// <summary>Writes the line of a request that has been answered.</summary>
    public void Write(HttpContext context, TimeSpan elapsed)
    {
        var grpc = context.Response.Headers.GrpcStatus;
        var level = grpc.Count > 0 ? LevelOf(grpc.ToString()) : LevelOf(context.Response.StatusCode);
        if (!log.IsEnabled(level)) return;
        if (level == LogEventLevel.Information && !_refusals.Admits()) return;
        if (level == LogEventLevel.Error && !_failures.Admits()) return;
        log.Write(
            level, context.Features.Get<IExceptionHandlerFeature>()?.Error, Line,
            ClientText.ShortenName(context.Request.Method), ClientText.Shorten(context.Request.Path, MaxPathLength),
            grpc.Count > 0 ? $"gRPC {grpc}" : context.Response.StatusCode, elapsed.TotalMilliseconds, context.TraceIdentifier);
    }

    private static LogEventLevel LevelOf(int status) => status switch
    {
        // deliberate: the readiness probe's while draining, and a deadline's
        StatusCodes.Status503ServiceUnavailable or StatusCodes.Status504GatewayTimeout => LogEventLevel.Information,
        >= 500 => LogEventLevel.Error,
        >= 400 => LogEventLevel.Information,
        _ => LogEventLevel.Debug,
    };

    /// <summary>OK, and INTERNAL, whose exception the call's interceptor has logged, are of no more interest.</summary>
    private static LogEventLevel LevelOf(string grpcStatus) =>
        int.TryParse(grpcStatus, NumberStyles.None, CultureInfo.InvariantCulture, out var code)
        && (Grpc.Core.StatusCode)code is Grpc.Core.StatusCode.OK or Grpc.Core.StatusCode.Internal
            ? LogEventLevel.Debug : LogEventLevel.Information;
}
