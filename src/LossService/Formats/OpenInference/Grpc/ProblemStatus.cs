using Grpc.Core;
using LossService.Problems;

namespace LossService.Formats.OpenInference.Grpc;

/// <summary>Problems as gRPC reports them: a status code for the type, and the detail.</summary>
internal static class ProblemStatus
{
    /// <summary>The exception that ends a call with a problem.</summary>
    public static RpcException ToException(this Problem problem) => new(new Status(FindCode(problem.Type), problem.Detail));

    private static StatusCode FindCode(string type) => type switch
    {
        ProblemNames.InvalidJson or ProblemNames.BadRequest or ProblemNames.InvalidBatch => StatusCode.InvalidArgument,
        ProblemNames.UnknownLoss or ProblemNames.NotFound => StatusCode.NotFound,
        ProblemNames.Timeout => StatusCode.DeadlineExceeded,
        ProblemNames.PayloadTooLarge => StatusCode.ResourceExhausted,
        _ => StatusCode.Internal,
    };
}
