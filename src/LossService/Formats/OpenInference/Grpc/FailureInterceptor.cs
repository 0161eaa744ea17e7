using Grpc.Core;
using Grpc.Core.Interceptors;
using LossService.Problems;

namespace LossService.Formats.OpenInference.Grpc;

/// <summary>Turns an exception into INTERNAL, with the words of the HTTP problem and no details of the exception.</summary>
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
            throw ProblemTypes.Internal().ToException();
        }
    }

    [LoggerMessage(LogLevel.Error, "{Method} failed")]
    private static partial void Failed(ILogger log, string method, Exception error);
}
