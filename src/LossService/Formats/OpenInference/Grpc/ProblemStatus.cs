using System.Globalization;
using Grpc.Core;
using LossService.Problems;

namespace LossService.Formats.OpenInference.Grpc;

/// <summary>Problems as gRPC reports them: a status code for the type, and the detail.</summary>
internal static class ProblemStatus
{
    /// <summary>The exception that ends a call with a problem.</summary>
    public static RpcException ToException(this Problem problem) => new(new Status(FindCode(problem.Type), problem.Detail));

    /// <summary>Whether a request is a call of gRPC, whose client reads problems in this form alone.</summary>
    public static bool IsCall(HttpRequest request) =>
        HttpProtocol.IsHttp2(request.Protocol) && request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true;

    /// <summary>Ends a call with a problem before any service has seen it.</summary>
    public static void WriteTo(this Problem problem, HttpResponse response)
    {
        response.ContentType = "application/grpc";
        response.Headers.GrpcStatus = ((int)FindCode(problem.Type)).ToString(CultureInfo.InvariantCulture);
        response.Headers.GrpcMessage = Uri.EscapeDataString(problem.Detail);
    }

    private static StatusCode FindCode(string type) => type switch
    {
        ProblemNames.InvalidJson or ProblemNames.BadRequest or ProblemNames.InvalidBatch => StatusCode.InvalidArgument,
        ProblemNames.UnknownLoss or ProblemNames.NotFound => StatusCode.NotFound,
        ProblemNames.Unauthorized => StatusCode.Unauthenticated,
        ProblemNames.Forbidden => StatusCode.PermissionDenied,
        ProblemNames.PayloadTooLarge or ProblemNames.Overloaded => StatusCode.ResourceExhausted,
        ProblemNames.Unavailable => StatusCode.Unavailable,
        ProblemNames.Timeout => StatusCode.DeadlineExceeded,
        _ => StatusCode.Internal,
    };
}
