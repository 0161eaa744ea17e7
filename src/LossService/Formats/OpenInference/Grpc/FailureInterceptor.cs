using Grpc.Core;
using Grpc.Core.Interceptors;
using LossService.Http;
using LossService.Problems;

namespace LossService.Formats.OpenInference.Grpc;

/// <summary>
/// Turns an exception into the status of its problem: no memory, no time, or INTERNAL without details of the exception.
/// </summary>
internal sealed partial class FailureInterceptor(ILogger<FailureInterceptor> log, Admission admission) : Interceptor
{
    /// <inheritdoc/>
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        if (context.GetHttpContext().Features.Get<CallState>() is { } call) call.IsRead = true;
        try
        {
            return await continuation(request, context);
        }
        catch (Exception error) when (error is not RpcException)
        {
            var isAborted = context.CancellationToken.IsCancellationRequested;
            if (FailureProblems.Find(error, isAborted, admission.Limits.ComputeSeconds) is { } problem)
            {
                context.GetHttpContext().Features.Set(problem);
                throw problem.ToException();
            }
            if (isAborted && error is OperationCanceledException or IOException)
                throw new RpcException(new(StatusCode.Cancelled, "The call was cancelled."));
            Failed(log, context.Method, error);
            throw ProblemTypes.Internal().ToException();
        }
    }

    [LoggerMessage(LogLevel.Error, "{Method} failed")]
    private static partial void Failed(ILogger log, string method, Exception error);
}
