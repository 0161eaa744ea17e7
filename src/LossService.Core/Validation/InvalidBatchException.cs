namespace LossService.Core.Validation;

/// <summary>A batch cannot be scored as it is; nothing was computed.</summary>
public sealed class InvalidBatchException : Exception
{
    /// <summary>Makes one of the problems found, at least one.</summary>
    public InvalidBatchException(BatchProblems problems) : base(Describe(problems)) => Problems = problems;

    /// <summary>What is wrong.</summary>
    public BatchProblems Problems { get; }

    private static string Describe(BatchProblems problems) =>
        problems.Total == 1 ? problems.First[0].ToString() : $"{problems.Total} problems; the first: {problems.First[0]}";
}
