using Grpc.AspNetCore.Server;
using LossService.Http;
using LossService.Telemetry;

namespace LossService.Formats.OpenInference.Grpc;

/// <summary>
/// Times and counts the calls that score. The framework reads and parses a message before the service's method sees it, and writes
/// the response after it, so both are timed around the whole call.
/// </summary>
internal static class CallTiming
{
    private const string Format = "grpc";

    /// <summary>Times and counts the calls of a method.</summary>
    /// <param name="service">The service.</param>
    /// <param name="method">The name of the method that scores.</param>
    public static void Time(this GrpcServiceEndpointConventionBuilder service, string method) => service.Add(endpoint =>
    {
        if (endpoint.Metadata.OfType<GrpcMethodMetadata>().FirstOrDefault()?.Method.Name != method) return;
        endpoint.Metadata.Add(new ScoringRoute(ServiceMeter.Unknown, Format));
        var serve = endpoint.RequestDelegate!;
        endpoint.RequestDelegate = async context =>
        {
            var timing = ServerTiming.Start(context, ServiceMeter.Unknown, Format);
            await serve(context);
            // a call that fails has its status in the headers
            if (context.Response.Headers.GrpcStatus.Count == 0) timing.Mark(Phase.Write);
        };
    });
}
