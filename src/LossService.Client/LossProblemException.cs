using System.Net;

namespace LossService.Client;

/// <summary>The service refused a request; <see cref="Exception.Message"/> has every error that it named.</summary>
public sealed class LossProblemException : HttpRequestException
{
    /// <summary>Throws a problem.</summary>
    public LossProblemException(LossProblem problem) : base(Describe(problem), null, (HttpStatusCode)problem.Status) => Problem = problem;

    /// <summary>What the service said.</summary>
    public LossProblem Problem { get; }

    private static string Describe(LossProblem problem)
    {
        ArgumentNullException.ThrowIfNull(problem);
        var text = $"{problem.Detail} ({problem.Status} {problem.Type})";
        return problem.Errors.Count < 2 ? text
            : text + string.Concat(problem.Errors.Select(error => $"\n  {error.Pointer}: {error.Detail}"));
    }
}
