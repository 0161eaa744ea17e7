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
        batch.Memory?.Require(loss.CountBytes(batch), batch.CountBytes());
        CheckValues(loss, batch, problems, cancellation);
    }

    private static void CheckValues(Loss loss, Batch batch, BatchProblems problems, CancellationToken cancellation)
    {
        using var rows = new RowReader(loss, batch, cancellation);
        WeightRules.Check(batch, rows, problems);
        if (batch is { LabelForm: TargetForm.Labels, Labels: { } labels }) LabelRules.Check(loss.Labels, labels, rows, problems);
        else if (batch is { LabelIndices: { } indices, Labels: { } values }) SparseRules.Check(batch, indices, values, rows, problems);
        else if (batch.Labels is { } teacher) TeacherRules.Check(batch, teacher, rows, problems);
        // which samples are kept depends on the labels
        if (problems.Total == 0) PredictionRules.Check(batch, rows, problems);
    }
}
