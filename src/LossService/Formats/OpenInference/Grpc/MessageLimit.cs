using LossService.Http;
using LossService.Problems;
using Microsoft.Extensions.Options;

namespace LossService.Formats.OpenInference.Grpc;

/// <summary>
/// A message over the limit is refused by the framework, in its own words and before any interceptor sees the call; here the
/// refusal gets the words that HTTP has for it, which name the limit.
/// </summary>
internal static class MessageLimit
{
    private const string ResourceExhausted = "8";

    // RESOURCE_EXHAUSTED may come from the service too, with words of its own
    private const string FrameworksWords = "Received message exceeds the maximum configured message size.";

    /// <summary>Has the service's endpoints say what the limit is.</summary>
    public static void NameLimit(this GrpcServiceEndpointConventionBuilder service) => service.Add(endpoint =>
    {
        var serve = endpoint.RequestDelegate!;
        endpoint.RequestDelegate = async context =>
        {
            await serve(context);
            var headers = context.Response.Headers;
            if (headers.GrpcStatus == ResourceExhausted && headers.GrpcMessage == FrameworksWords)
                headers.GrpcMessage = ProblemTypes.PayloadTooLarge(context.RequestServices.GetRequiredService<IOptions<Limits>>().Value.BodyBytes).Detail;
        };
    });
}
