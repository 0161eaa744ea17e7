namespace LossService.Core;

/// <summary>What a sample is.</summary>
public enum LossKind
{
    /// <summary>A row of classes, the last axis, of which one is true.</summary>
    Categorical,

    /// <summary>One element, true or false by itself.</summary>
    Binary,
}

/// <summary>What a loss takes for labels.</summary>
public enum LabelRule
{
    /// <summary>No labels at all.</summary>
    None,

    /// <summary>Class indices, or dense rows that are distributions: each in [0, 1], summing to 1.</summary>
    Distribution,

    /// <summary>Class indices, or dense rows that are one-hot: a margin has no meaning for a soft label.</summary>
    Class,

    /// <summary>A number in [0, 1] for each element.</summary>
    Probability,

    /// <summary>0 or 1 for each element.</summary>
    Bit,
}

/// <summary>A paper, book or page.</summary>
/// <param name="Text">Authors, title, year.</param>
/// <param name="Url">Where it can be read.</param>
public sealed record Reference(string Text, string Url);

/// <summary>The same loss elsewhere.</summary>
/// <param name="Framework">PyTorch, Keras, Optax, scikit-learn.</param>
/// <param name="Code">One line of it.</param>
public sealed record Equivalent(string Framework, string Code);

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

/// <summary>A named formula with options. Everything about one stands in its one file; the routes follow from it.</summary>
public abstract class Loss
{
    /// <summary>The name on the wire: <c>cross_entropy</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What a person reads of it.</summary>
    public abstract LossPage Page { get; }

    /// <summary>What a sample is.</summary>
    public abstract LossKind Kind { get; }

    /// <summary>The forms of predictions it takes, the usual first.</summary>
    public abstract IReadOnlyList<PredictionForm> Accepts { get; }

    /// <summary>What it takes for labels.</summary>
    public abstract LabelRule Labels { get; }

    /// <summary>The options it takes.</summary>
    public abstract IReadOnlyList<Option> Options { get; }

    /// <summary>Whether the value is an amount of information, so that <see cref="Unit"/> means something.</summary>
    public virtual bool IsInformation => false;

    /// <summary>Scores a valid batch.</summary>
    /// <param name="batch">Predictions, labels and weights; see the validation of the host for what is valid.</param>
    /// <param name="cancellation">Stops between blocks of rows.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public abstract Scores Score(Batch batch, CancellationToken cancellation = default);
}
