namespace LossService.Core.Losses;

/// <summary>The documentation of a loss.</summary>
public sealed record LossPage
{
    /// <summary>The display name: <c>Cross-entropy</c>.</summary>
    public required string Title { get; init; }

    /// <summary>The definition, in one sentence.</summary>
    public required string Summary { get; init; }

    /// <summary>The loss ℓ of one sample, in LaTeX.</summary>
    public required string Formula { get; init; }

    /// <summary>
    /// Paragraphs: when to use it and when not; its range and gradient; which option each symbol of the formula is.
    /// </summary>
    public required string WhenToUse { get; init; }

    /// <summary>The papers or books that define it.</summary>
    public required IReadOnlyList<Reference> References { get; init; }

    /// <summary>Calls of other libraries that compute it.</summary>
    public IReadOnlyList<Equivalent> Equivalents { get; init; } = [];

    /// <summary>A valid request body, as JSON.</summary>
    public required string Example { get; init; }
}
