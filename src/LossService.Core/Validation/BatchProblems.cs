namespace LossService.Core.Validation;

/// <summary>What is wrong with a batch: all of it counted, the first kept.</summary>
public sealed class BatchProblems
{
    /// <summary>How many problems are kept.</summary>
    public const int MaxKept = 1000;

    private List<BatchProblem>? _first;

    /// <summary>The first problems.</summary>
    public IReadOnlyList<BatchProblem> First => _first ?? (IReadOnlyList<BatchProblem>)[];

    /// <summary>How many there are.</summary>
    public long Total { get; private set; }

    /// <summary>Adds a problem with a field as a whole.</summary>
    public void Add(string field, string detail) => Add(field, [], detail);

    /// <summary>Adds a problem at a position.</summary>
    public void Add(string field, int[] position, string detail)
    {
        if (Total++ < MaxKept) (_first ??= []).Add(new(field, position, detail));
    }

    /// <summary>Counts a problem.</summary>
    /// <returns>Whether it is to be kept: then <see cref="Keep"/> takes it. A text that nobody reads need not be made.</returns>
    internal bool Count() => Total++ < MaxKept;

    /// <summary>Keeps a counted problem.</summary>
    internal void Keep(string field, int[] position, string detail) => (_first ??= []).Add(new(field, position, detail));
}
