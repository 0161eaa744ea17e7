using LossService.Core.Batches;
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
        if (form == PredictionForm.Logits && predictions.IsFinite) return;
        for (long i = 0; i < rows.Count; i++)
        {
            if (rows.IsCategorical && !rows.Kept.Contains(i)) continue;
            var row = rows.Read(predictions, i);
            var before = problems.Total;
            for (var c = 0; c < row.Length; c++)
            {
                if (IsValid(row[c], form)) continue;
                var element = i * rows.Width + c;
                if (!rows.IsCategorical && !rows.Kept.Contains(element)) continue;
                if (problems.Count()) problems.Keep(form.Name(), predictions.Shape.Position(element), Describe(predictions, element, form));
            }
            if (rows.IsCategorical && problems.Total == before) CheckRow(row, batch, i, rows, problems);
        }
    }

    private static void CheckRow(Span<double> row, Batch batch, long index, RowReader rows, BatchProblems problems)
    {
        var (name, dtype) = (batch.Form.Name(), batch.Predictions.DType);
        switch (batch.Form)
        {
            case PredictionForm.Logits:
                if (row.Count(double.PositiveInfinity) > 1)
                    problems.Add(name, rows.GetPosition(index), "softmax has no limit where two logits are Infinity");
                else if (row.IndexOfAnyExcept(double.NegativeInfinity) < 0)
                    problems.Add(name, rows.GetPosition(index), "softmax has no limit where all logits are -Infinity");
                break;
            case PredictionForm.Probabilities:
                SumRule.Check(row, dtype, name, name, index, rows, problems);
                break;
            default:
                for (var c = 0; c < row.Length; c++) row[c] = Math.Exp(row[c]);
                SumRule.Check(row, dtype, name, "exp(log_probabilities)", index, rows, problems);
                break;
        }
    }

    private static bool IsValid(double value, PredictionForm form) => form switch
    {
        PredictionForm.Logits => !double.IsNaN(value),
        PredictionForm.Probabilities => value is >= 0 and <= 1,
        _ => value <= 0,
    };

    private static string Describe(Tensor predictions, long element, PredictionForm form) => form switch
    {
        PredictionForm.Logits => "expected a number, got NaN; leave the sample out with mask",
        PredictionForm.Probabilities => $"expected a number from 0 to 1, got {predictions.Text(element)}",
        _ => $"expected a number of at most 0, got {predictions.Text(element)}",
    };
}
