using LossService.Core.Batches;
using LossService.Core.Options;
using LossService.Core.Outputs;

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

    /// <summary>Scores a valid batch.</summary>
    /// <param name="batch">Predictions, labels and weights; see the validation of the host for what is valid.</param>
    /// <param name="cancellation">Stops between blocks of rows.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public abstract Scores Score(Batch batch, CancellationToken cancellation = default);
}
