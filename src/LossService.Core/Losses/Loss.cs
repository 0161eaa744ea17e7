using LossService.Core.Batches;
using LossService.Core.Options;
using LossService.Core.Outputs;

namespace LossService.Core.Losses;

/// <summary>A named formula with options. Each loss is one file; its routes, schemas and documentation are derived from it.</summary>
public abstract class Loss
{
    /// <summary>The name in requests and routes: <c>cross_entropy</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Its documentation.</summary>
    public abstract LossPage Page { get; }

    /// <summary>What one sample is.</summary>
    public abstract LossKind Kind { get; }

    /// <summary>The forms of predictions it accepts, the most usual first.</summary>
    public abstract IReadOnlyList<PredictionForm> Accepts { get; }

    /// <summary>Which labels it accepts.</summary>
    public abstract LabelRule Labels { get; }

    /// <summary>The options it accepts.</summary>
    public abstract IReadOnlyList<Option> Options { get; }

    /// <summary>Whether the loss is an amount of information, so that <see cref="Unit"/> applies.</summary>
    public virtual bool IsInformation => false;

    /// <summary>Scores a valid batch.</summary>
    /// <param name="batch">Predictions, labels and weights; see the validation of the host for what is valid.</param>
    /// <param name="cancellation">Stops between blocks of rows.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public abstract Scores Score(Batch batch, CancellationToken cancellation = default);
}
