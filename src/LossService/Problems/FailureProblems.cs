using LossService.Core.Tensors;

namespace LossService.Problems;

/// <summary>The problems that exceptions of reading and scoring mean.</summary>
public static class FailureProblems
{
    private const string Setting = "Limits:MemoryBytes";

    /// <summary>Finds the problem of an exception; null where it is a fault of the service.</summary>
    /// <param name="error">The exception.</param>
    /// <param name="isAborted">Whether the client went away: then nobody needs a response.</param>
    /// <param name="seconds">How long a request may compute.</param>
    public static Problem? Find(Exception error, bool isAborted, int seconds) => error switch
    {
        OutOfMemoryException full => Of(full),
        OperationCanceledException when !isAborted => ProblemTypes.Timeout(seconds),
        AggregateException many => many.InnerExceptions.Select(inner => Find(inner, isAborted, seconds))
            .FirstOrDefault(problem => problem is not null),
        _ => null,
    };

    /// <summary>What it means that memory is used up: what needs it never fits, or does not fit now.</summary>
    public static Problem Of(OutOfMemoryException full) => full is MemoryBudgetException { IsForever: true } memory
        ? ProblemTypes.NeedsTooMuchMemory(memory.Need, memory.Limit, Setting) : ProblemTypes.OutOfMemory(Setting);
}
