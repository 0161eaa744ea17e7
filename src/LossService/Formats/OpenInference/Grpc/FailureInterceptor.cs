using Grpc.Core;
using Grpc.Core.Interceptors;
using LossService.Problems;

namespace LossService.Formats.OpenInference.Grpc;

/// <summary>A failure of our own becomes INTERNAL, with the words that HTTP has for it and no details of the exception.</summary>
internal sealed partial class FailureInterceptor(ILogger<FailureInterceptor> log) : Interceptor
{
    /// <inheritdoc/>
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception error) when (error is not (RpcException or OperationCanceledException))
        {
            Failed(log, context.Method, error);
            throw new RpcException(new Status(StatusCode.Internal, ProblemTypes.Internal().Detail));
        }
    }

    [LoggerMessage(LogLevel.Error, "{Method} failed")]
    private static partial void Failed(ILogger log, string method, Exception error);
}
