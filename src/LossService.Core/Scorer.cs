using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Core.Validation;

namespace LossService.Core;

/// <summary>Scores batches: checks a batch, then computes what it asks for. Thread-safe.</summary>
public static class Scorer
{
    /// <summary>Scores a batch.</summary>
    /// <param name="loss">The loss; see <see cref="LossCatalogue"/>.</param>
    /// <param name="batch">Predictions, labels, weights and options. It still belongs to the caller.</param>
    /// <param name="cancellation">Stops between blocks of rows.</param>
    /// <returns>The scores, which the caller disposes of.</returns>
    /// <exception cref="InvalidBatchException">The batch is not valid for the loss; nothing was computed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="MemoryBudgetException">The results do not fit into <see cref="Batch.Memory"/>, now or ever.</exception>
    public static Scores Score(Loss loss, Batch batch, CancellationToken cancellation = default)
    {
        var problems = new BatchProblems();
        return TryScore(loss, batch, problems, cancellation) ?? throw new InvalidBatchException(problems);
    }

    /// <summary>Scores a batch, or tells what is wrong with it.</summary>
    /// <param name="loss">The loss.</param>
    /// <param name="batch">Predictions, labels, weights and options.</param>
    /// <param name="problems">Takes what is wrong.</param>
    /// <param name="cancellation">Stops between blocks of rows.</param>
    /// <returns>The scores; null where <paramref name="problems"/> has something.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="MemoryBudgetException">The results do not fit into <see cref="Batch.Memory"/>, now or ever.</exception>
    public static Scores? TryScore(Loss loss, Batch batch, BatchProblems problems, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(problems);
        BatchRules.Check(loss, batch, problems, cancellation);
        return problems.Total > 0 ? null : loss.Score(batch, cancellation);
    }
}
