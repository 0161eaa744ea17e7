using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Core.Validation;

/// <summary>All rules on a batch, in order: header, shapes, values; each only where those before found nothing.</summary>
internal static class BatchRules
{
    /// <summary>Adds what is wrong with a batch to <paramref name="problems"/>.</summary>
    /// <exception cref="MemoryBudgetException">
    /// The shapes are right, but the results do not fit into <see cref="Batch.Memory"/>: then no value is looked at.
    /// </exception>
    public static void Check(Loss loss, Batch batch, BatchProblems problems, CancellationToken cancellation)
    {
        HeaderRules.Check(loss, batch, problems);
        if (problems.Total == 0) ShapeRules.Check(loss, batch, problems);
        if (problems.Total > 0 || batch.Predictions.Count == 0) return;
        batch.Memory?.Require(loss.CountBytes(batch) + loss.CountWorkBytes(batch), batch.CountBytes());
        CheckValues(loss, batch, problems, cancellation);
    }

    /// <summary>
    /// Adds what is wrong with the batches of several losses over the same predictions. What several of them read in the same way is
    /// looked at once.
    /// </summary>
    /// <param name="entries">The losses and their batches.</param>
    /// <param name="more">The bytes of what their scores combine to.</param>
    /// <param name="problems">For each entry, takes its problems. Where values are wrong, the first entry has them.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="MemoryBudgetException">The results of all together do not fit into the memory.</exception>
    public static void Check(
        IReadOnlyList<LossEntry> entries, long more, IReadOnlyList<BatchProblems> problems, CancellationToken cancellation)
    {
        for (var i = 0; i < entries.Count; i++)
        {
            var (loss, batch, weight) = entries[i];
            if (!WeightRules.IsInRange(weight))
                problems[i].Add(LossEntry.WeightField, "expected 0 or a number from 1e-100 to 1e100, or its negative");
            HeaderRules.Check(loss, batch, problems[i]);
            if (problems[i].Total == 0) ShapeRules.Check(loss, batch, problems[i]);
        }
        var first = entries[0].Batch;
        if (problems.Any(found => found.Total > 0) || first.Predictions.Count == 0) return;
        first.Memory?.Require(CountMost(entries, more), entries.Max(entry => entry.Batch.CountBytes()));
        HashSet<ValueReading> read = [];
        for (var i = 0; i < entries.Count; i++)
        {
            var (loss, batch, _) = entries[i];
            if (!read.Add(ValueReading.Of(loss, batch))) continue;
            CheckValues(loss, batch, problems[i], cancellation);
            if (problems[i].Total > 0) return;
        }
    }

    /// <summary>The most bytes that are in use at once: results stay, but only one loss is computed at a time.</summary>
    private static long CountMost(IReadOnlyList<LossEntry> entries, long more)
    {
        var (results, most) = (0L, 0L);
        foreach (var (loss, batch, _) in entries)
        {
            results += loss.CountBytes(batch);
            most = long.Max(most, results + loss.CountWorkBytes(batch));
        }
        return long.Max(most, results + more);
    }

    private static void CheckValues(Loss loss, Batch batch, BatchProblems problems, CancellationToken cancellation)
    {
        using var rows = new RowReader(loss, batch, cancellation);
        WeightRules.Check(loss, batch, rows, problems);
        if (batch is { LabelForm: TargetForm.Labels, Labels: { } labels }) LabelRules.Check(loss.Labels, labels, rows, problems);
        else if (batch is { LabelIndices: { } indices, Labels: { } values }) SparseRules.Check(batch, indices, values, rows, problems);
        else if (batch.Labels is { } teacher) TeacherRules.Check(batch, teacher, rows, problems);
        // which samples are kept depends on the labels
        if (problems.Total == 0) PredictionRules.Check(batch, rows, problems);
    }
}
