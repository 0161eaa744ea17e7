using LossService.Core.Batches;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Core.Validation;

/// <summary>Kept predictions are no NaN, have a softmax, and as probabilities lie in [0, 1] and sum to 1.</summary>
internal static class PredictionRules
{
    /// <summary>Adds what is wrong with the predictions of kept samples to <paramref name="problems"/>.</summary>
    public static void Check(Batch batch, RowReader rows, BatchProblems problems)
    {
        var (predictions, form) = (batch.Predictions, batch.Form);
        var (least, most) = GetRange(batch, rows);
        if (form == PredictionForm.Logits && predictions.IsFinite) return;
        // made once, not for every row
        var hint = form == PredictionForm.Probabilities ? DescribeWaysOut(batch, rows) : "";
        for (long i = 0; i < rows.Rows; i++)
        {
            if (rows.IsCategorical && !rows.Kept.Contains(i)) continue;
            var row = rows.Read(predictions, i);
            var isWithin = RangeScan.AreWithin(row, least, most);
            var before = problems.Total;
            for (var c = 0; c < row.Length && !isWithin; c++)
            {
                if (row[c] >= least && row[c] <= most) continue;
                var element = rows.GetElement(i, c);
                if (!rows.IsCategorical && !rows.Kept.Contains(element)) continue;
                if (problems.Count())
                    problems.Keep(form.Name(), predictions.Shape.Position(element), Describe(batch, element, rows));
            }
            if (rows.IsCategorical && problems.Total == before) CheckRow(row, batch, hint, i, rows, problems);
        }
    }

    private static void CheckRow(Span<double> row, Batch batch, string hint, long index, RowReader rows, BatchProblems problems)
    {
        var (name, dtype) = (batch.Form.Name(), batch.Predictions.DType);
        switch (batch.Form)
        {
            case PredictionForm.Logits:
                SoftmaxRule.Check(row, name, index, rows, problems);
                break;
            case PredictionForm.Probabilities:
                SumRule.Check(row, dtype, name, name, rows.Normalizes, hint, index, rows, problems);
                break;
            default:
                SumRule.CheckLogs(row, dtype, name, "if they are not normalized, send them as logits", index, rows, problems);
                break;
        }
    }

    private static (double Min, double Max) GetRange(Batch batch, RowReader rows)
    {
        if (batch.Form == PredictionForm.Logits) return (double.NegativeInfinity, double.PositiveInfinity);
        if (batch.Form == PredictionForm.LogProbabilities) return (double.NegativeInfinity, 0);
        if (rows.Normalizes) return (0, double.MaxValue);
        var tolerance = batch.Options.Get(SharedOptions.Clip) > 0 ? batch.Predictions.DType.SumTolerance() : 0;
        return (-tolerance, 1 + tolerance);
    }

    private static string Describe(Batch batch, long element, RowReader rows)
    {
        var text = batch.Predictions.Text(element);
        return batch.Form switch
        {
            PredictionForm.Logits => "expected a number, got NaN; leave the sample out with mask",
            PredictionForm.LogProbabilities => $"expected a number of at most 0, got {text}",
            _ when rows.Normalizes => $"expected a number of at least 0, got {text}",
            _ => $"expected a number from 0 to 1, got {text}; {DescribeWaysOut(batch, rows)}",
        };
    }

    private static string DescribeWaysOut(Batch batch, RowReader rows) =>
        $"clip takes numbers outside by at most {NumberText.Format(batch.Predictions.DType.SumTolerance())}"
        + (rows.IsCategorical ? ", normalize divides rows by their sums" : "");
}
