using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Core.Validation;

/// <summary>Finds valid batches that are probably not meant as they are.</summary>
public static class NoticeRules
{
    /// <summary>The notices for a valid batch: logits that look like probabilities, and one axis taken for one sample.</summary>
    /// <remarks>It reads rows only until one does not look like probabilities, which is usually the first.</remarks>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static IReadOnlyList<BatchNotice> Find(Loss loss, Batch batch, CancellationToken cancellation = default)
    {
        if (loss.Kind != LossKind.Categorical || batch.Predictions.Count == 0) return [];
        var name = batch.Form.Name();
        var looksLikeProbabilities = batch.Form == PredictionForm.Logits && LooksLikeProbabilities(loss, batch, cancellation);
        if (!looksLikeProbabilities && batch.Predictions.Shape.Rank > 1) return [];

        List<BatchNotice> notices = [];
        if (looksLikeProbabilities)
            notices.Add(new(name, loss.Accepts.Contains(PredictionForm.Probabilities)
                ? "every row of logits is in [0, 1] and sums to 1, as probabilities do; if they are, send them as probabilities"
                : "every row of logits is in [0, 1] and sums to 1, as probabilities do; the loss is defined on logits"));
        if (batch.Predictions.Shape.Rank == 1)
            notices.Add(new(name, $"{name} of one axis are scored as one sample of {batch.Predictions.Shape.Last} classes; "
                + "several samples are rows of an array of two axes"));
        return notices;
    }

    /// <summary>Whether the first row, where it is kept, has a logit outside [0, 1]: most batches need no further look.</summary>
    private static bool IsFirstRowOutside(Batch batch)
    {
        if (batch.Mask is not null || batch.Options.Has(SharedOptions.IgnoreIndex)) return false;
        Span<double> row = stackalloc double[int.Min(batch.Predictions.Shape.Last, 64)];
        batch.Predictions.Read(0, row);
        foreach (var z in row)
            if (!(z >= 0 && z <= 1)) return true;
        return false;
    }

    private static bool LooksLikeProbabilities(Loss loss, Batch batch, CancellationToken cancellation)
    {
        if (IsFirstRowOutside(batch)) return false;
        using var rows = new RowReader(loss, batch, cancellation);
        var tolerance = batch.Predictions.DType.SumTolerance();
        var found = false;
        for (long i = 0; i < rows.Rows; i++)
        {
            if (!rows.Kept.Contains(i)) continue;
            var sum = 0.0;
            foreach (var z in rows.Read(batch.Predictions, i))
            {
                if (!(z >= 0 && z <= 1)) return false;
                sum += z;
            }
            if (Math.Abs(sum - 1) > tolerance) return false;
            found = true;
        }
        return found;
    }
}
