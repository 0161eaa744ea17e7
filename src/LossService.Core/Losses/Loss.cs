using LossService.Core.Batches;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Losses;

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

    /// <summary>The outputs that it has.</summary>
    public IEnumerable<Output> Outputs => OutputCatalogue.All.Where(output => !output.NeedsLabels || Labels != LabelRule.None);

    /// <summary>The shape of the samples: the predictions' for a binary loss, without the class axis for a categorical one.</summary>
    /// <param name="predictions">The shape of the predictions, of rank 1 or more.</param>
    public Shape GetSampleShape(Shape predictions) => Kind == LossKind.Categorical ? predictions.WithoutLast() : predictions;

    /// <summary>The option of a name, to be set in <see cref="OptionValues"/>; null where the loss has none of that name.</summary>
    public Option? FindOption(string name)
    {
        foreach (var option in Options)
            if (option.Name == name) return option;
        return null;
    }

    /// <summary>The option of a name and type.</summary>
    /// <exception cref="ArgumentException">The loss has no such option, or one of another type.</exception>
    public Option<T> GetOption<T>(string name) => FindOption(name) as Option<T>
        ?? throw new ArgumentException($"{Name} has no option \"{name}\" of the type {typeof(T).Name}.", nameof(name));

    /// <summary>Scores a batch that is known to be valid.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    internal abstract Scores Score(Batch batch, CancellationToken cancellation = default);
}
