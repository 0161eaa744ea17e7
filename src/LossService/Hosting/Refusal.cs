using LossService.Formats.OpenInference.Grpc;
using LossService.Problems;

namespace LossService.Hosting;

/// <summary>Refuses a request before its endpoint runs, in the form of its protocol.</summary>
internal static class Refusal
{
    /// <summary>Answers with a problem: a status of gRPC for a call, otherwise RFC 9457.</summary>
    public static Task RefuseAsync(this HttpContext context, Problem problem)
    {
        if (!ProblemStatus.IsCall(context.Request)) return problem.ExecuteAsync(context);
        problem.WriteTo(context.Response);
        return Task.CompletedTask;
    }
}
