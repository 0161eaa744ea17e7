using LossService.Core.Batches;
using LossService.Core.Engine;
using LossService.Core.Losses;
using LossService.Core.Options;
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

    /// <summary>Scores several losses over the same predictions, each to the bits that it has alone, or tells what is wrong.</summary>
    /// <param name="entries">The losses, at least one, each with its batch.</param>
    /// <param name="combined">
    /// Which outputs of their weighted sum to compute: <see cref="OutputSet.Loss"/>, and with it any of
    /// <see cref="Combination.Derivatives"/>. Every batch asks for them, too.
    /// </param>
    /// <param name="problems">For each entry, takes what is wrong with it.</param>
    /// <param name="cancellation">Stops between blocks of rows.</param>
    /// <returns>The scores; null where <paramref name="problems"/> have something.</returns>
    /// <exception cref="ArgumentException">The batches have other predictions, or do not have the outputs to combine.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="MemoryBudgetException">The results do not fit into <see cref="Batch.Memory"/>, now or ever.</exception>
    public static ScoreSet? TryScore(
        IReadOnlyList<LossEntry> entries, OutputSet combined, IReadOnlyList<BatchProblems> problems,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(entries);
        ArgumentNullException.ThrowIfNull(problems);
        if (entries.Count == 0 || problems.Count != entries.Count)
            throw new ArgumentException("there is at least one entry, and problems for each", nameof(problems));
        var first = entries[0].Batch;
        if (entries.Any(entry => entry.Batch.Predictions != first.Predictions || (entry.Batch.Asked & combined) != combined))
            throw new ArgumentException("all batches have the same predictions, and the outputs that are combined", nameof(entries));
        BatchRules.Check(
            entries, Scores.CountBytes(combined, first.StoredDType, _ => first.Predictions.Shape), problems, cancellation);
        if (problems.Any(found => found.Total > 0)) return null;
        List<Scores> scores = [];
        try
        {
            foreach (var entry in entries) scores.Add(entry.Loss.Score(entry.Batch, cancellation));
            if (combined == OutputSet.None) return new(scores, null);
            (Scores, double)[] parts = [.. scores.Zip(entries, (scored, entry) => (scored, entry.Weight))];
            return new(scores, Combiner.Combine(parts, combined, first.Memory, cancellation));
        }
        catch
        {
            foreach (var scored in scores) scored.Dispose();
            throw;
        }
    }
}
