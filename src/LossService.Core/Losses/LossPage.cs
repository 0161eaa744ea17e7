namespace LossService.Core.Losses;

/// <summary>What a person reads of a loss.</summary>
public sealed record LossPage
{
    /// <summary>A name for people: <c>Cross-entropy</c>.</summary>
    public required string Title { get; init; }

    /// <summary>One sentence.</summary>
    public required string Summary { get; init; }

    /// <summary>A sample's value, in LaTeX.</summary>
    public required string Formula { get; init; }

    /// <summary>When to use it, and what to expect of its gradient.</summary>
    public required string WhenToUse { get; init; }

    /// <summary>Where it comes from.</summary>
    public required IReadOnlyList<Reference> References { get; init; }

    /// <summary>The same in other libraries.</summary>
    public IReadOnlyList<Equivalent> Equivalents { get; init; } = [];

    /// <summary>A request body that scores, as JSON.</summary>
    public required string Example { get; init; }
}
