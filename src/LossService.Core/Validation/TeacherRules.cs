using LossService.Core.Batches;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Core.Validation;

/// <summary>A teacher's logits are no NaN and have a softmax; its log-probabilities are at most 0, and e to them sums to 1.</summary>
internal static class TeacherRules
{
    /// <summary>Adds what is wrong with a teacher's predictions for kept samples to <paramref name="problems"/>.</summary>
    public static void Check(Batch batch, Tensor labels, RowReader rows, BatchProblems problems)
    {
        var form = batch.LabelForm;
        if (form == TargetForm.Logits && labels.IsFinite) return;
        var most = form == TargetForm.Logits ? double.PositiveInfinity : 0;
        for (long i = 0; i < rows.Rows; i++)
        {
            if (rows.IsCategorical && !rows.Kept.Contains(i)) continue;
            var row = rows.Read(labels, i);
            var isWithin = RangeScan.AreWithin(row, double.NegativeInfinity, most);
            var before = problems.Total;
            for (var c = 0; c < row.Length && !isWithin; c++)
            {
                if (row[c] <= most) continue;
                var element = rows.GetElement(i, c);
                if (!rows.IsCategorical && !rows.Kept.Contains(element)) continue;
                if (problems.Count()) problems.Keep(form.Name(), labels.Shape.Position(element), Describe(form, labels.Text(element)));
            }
            if (rows.IsCategorical && problems.Total == before) CheckRow(row, form, labels.DType, i, rows, problems);
        }
    }

    private static void CheckRow(
        Span<double> row, TargetForm form, DType dtype, long index, RowReader rows, BatchProblems problems)
    {
        var name = form.Name();
        if (form == TargetForm.Logits) SoftmaxRule.Check(row, name, index, rows, problems);
        else SumRule.CheckLogs(row, dtype, name, "if they are not normalized, send them as label_logits", index, rows, problems);
    }

    private static string Describe(TargetForm form, string text) => form == TargetForm.Logits
        ? "expected a number, got NaN; leave the sample out with mask"
        : $"expected a number of at most 0, got {text}";
}
