using LossService.Http;
using LossService.Problems;
using Microsoft.Extensions.Options;

namespace LossService.Formats.OpenInference.Grpc;

/// <summary>
/// The framework refuses a message over the limit in words of its own, before any interceptor sees the call. This replaces them by
/// the words of the HTTP problem, which have the limit.
/// </summary>
internal static class MessageLimit
{
    private const string ResourceExhausted = "8";

    // the service also uses RESOURCE_EXHAUSTED, with other words
    private const string FrameworksWords = "Received message exceeds the maximum configured message size.";

    /// <summary>Makes the refusals of a service name the limit.</summary>
    public static void NameLimit(this GrpcServiceEndpointConventionBuilder service, IOptions<Limits> limits) => service.Add(endpoint =>
    {
        var serve = endpoint.RequestDelegate!;
        endpoint.RequestDelegate = async context =>
        {
            await serve(context);
            var headers = context.Response.Headers;
            if (headers.GrpcStatus == ResourceExhausted && headers.GrpcMessage == FrameworksWords)
                headers.GrpcMessage = ProblemTypes.PayloadTooLarge(limits.Value.BodyBytes).Detail;
        };
    });
}
