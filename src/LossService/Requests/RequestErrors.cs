using LossService.Core.Validation;

namespace LossService.Requests;

/// <summary>What is wrong with a request: all of it counted, the first kept.</summary>
public sealed class RequestErrors
{
    private List<RequestError>? _first;

    /// <summary>The first errors, at most <see cref="BatchProblems.MaxKept"/>.</summary>
    public IReadOnlyList<RequestError> First => _first ?? (IReadOnlyList<RequestError>)[];

    /// <summary>How many there are.</summary>
    public long Total { get; private set; }

    /// <summary>Adds an error.</summary>
    public void Add(Address address, string detail)
    {
        if (Count()) Keep(address, detail);
    }

    /// <summary>Counts an error.</summary>
    /// <returns>Whether it is to be kept: then <see cref="Keep"/> takes it. A text that nobody reads need not be made.</returns>
    public bool Count() => Total++ < BatchProblems.MaxKept;

    /// <summary>Keeps a counted error.</summary>
    public void Keep(Address address, string detail) => (_first ??= []).Add(new(address, detail));

    /// <summary>Adds what is wrong with the batch.</summary>
    public void Add(BatchProblems problems)
    {
        if (problems.Total == 0) return;
        foreach (var problem in problems.First) Add(new(problem.Field, problem.Position), problem.Detail);
        Skip(problems.Total - problems.First.Count);
    }

    /// <summary>Counts errors that nobody kept.</summary>
    public void Skip(long count) => Total += count;

    /// <summary>Removes all.</summary>
    public void Clear()
    {
        _first = null;
        Total = 0;
    }
}
