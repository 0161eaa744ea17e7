using System.Diagnostics;
using LossService.Core.Losses;
using LossService.Http;
using LossService.Problems;
using LossService.Telemetry;
using Microsoft.AspNetCore.Diagnostics;

namespace LossService.Hosting;

/// <summary>Counts the requests of the routes that score, whatever answered or refused them, by loss, format and status.</summary>
internal static class RequestCounting
{
    /// <summary>Counts a request that ends now.</summary>
    /// <param name="context">The request.</param>
    /// <param name="isAnswered">False where an exception ends it.</param>
    public static void Count(HttpContext context, bool isAnswered)
    {
        // the exception handler takes the endpoint away
        var endpoint = context.GetEndpoint() ?? context.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
        if (endpoint?.Metadata.GetMetadata<ScoringRoute>() is not { } route) return;
        var timing = context.Features.Get<ServerTiming>();
        var status = isAnswered ? FindStatus(context.Response)
            : context.RequestAborted.IsCancellationRequested ? StatusCodes.Status499ClientClosedRequest
            : StatusCodes.Status500InternalServerError;
        var (loss, format) = timing is null ? (FindLoss(context, route), route.Format) : (timing.Loss, timing.Format);
        // the lines of a stream are counted, and the stream itself only where it is refused
        if (timing is not { IsStream: true } || status >= StatusCodes.Status400BadRequest)
            ServiceMeter.Count(loss, format, status, timing?.Measures);
        ServiceMeter.CountShed(context.Features.Get<Problem>()?.Shed);
        if (Activity.Current is not { IsAllDataRequested: true } span) return;
        span.SetTag("loss", loss);
        span.SetTag("format", format);
    }

    /// <summary>The loss of a request that was refused before its format saw it.</summary>
    private static string FindLoss(HttpContext context, ScoringRoute route) =>
        context.Request.RouteValues["model"] is string model && LossCatalogue.Find(model) is { } loss ? loss.Name : route.Loss;

    /// <summary>The HTTP status; for gRPC the one that corresponds to the call's status.</summary>
    private static int FindStatus(HttpResponse response)
    {
        // a call that succeeds has its status in the trailers
        if (response.Headers.GrpcStatus is not [{ } code]) return response.StatusCode;
        return code switch
        {
            "1" => StatusCodes.Status499ClientClosedRequest,
            "3" => StatusCodes.Status400BadRequest,
            "4" => StatusCodes.Status504GatewayTimeout,
            "5" => StatusCodes.Status404NotFound,
            "7" => StatusCodes.Status403Forbidden,
            "8" => StatusCodes.Status429TooManyRequests,
            "12" => StatusCodes.Status501NotImplemented,
            "14" => StatusCodes.Status503ServiceUnavailable,
            "16" => StatusCodes.Status401Unauthorized,
            _ => StatusCodes.Status500InternalServerError,
        };
    }
}
