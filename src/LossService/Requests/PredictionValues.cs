using System.Globalization;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Requests;

/// <summary>What kept predictions may not be: NaN, a row without a limit, probabilities outside [0, 1] or not summing to 1.</summary>
internal static class PredictionValues
{
    public static void Check(ScoreRequest request, RowReader rows, RequestErrors findings)
    {
        var predictions = rows.Predictions;
        if (rows.Form == PredictionForm.Logits && predictions.IsFinite) return;
        var member = Fields.Of(rows.Form);
        var tolerance = predictions.DType.SumTolerance();
        for (long i = 0; i < rows.Count; i++)
        {
            if (rows.IsCategorical && !rows.IsKept(i)) continue;
            var row = rows.Read(predictions, i);
            var before = findings.Total;
            for (var c = 0; c < row.Length; c++)
            {
                if (IsGood(row[c], rows.Form)) continue;
                var element = i * rows.Width + c;
                if (!rows.IsCategorical && !rows.IsKept(element)) continue;
                Refuse(row[c], rows.Form, new(member, predictions.Shape.Position(element)), findings);
            }
            if (!rows.IsCategorical || findings.Total > before) continue;
            if (rows.Form == PredictionForm.Logits) CheckLimit(row, rows, i, member, findings);
            else if (rows.Form == PredictionForm.Probabilities) CheckSum(row, tolerance, rows, i, member, member, findings);
            else CheckSumOfLogs(row, tolerance, rows, i, member, findings);
        }
    }

    /// <summary>A number as a person writes it.</summary>
    public static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>Notes a row that does not sum to 1: row <paramref name="i"/> of the <paramref name="member"/>, which is of <paramref name="what"/>.</summary>
    public static void CheckSum(ReadOnlySpan<double> row, double tolerance, RowReader rows, long i, string member, string what, RequestErrors findings)
    {
        var sum = 0.0;
        foreach (var p in row) sum += p;
        if (!(Math.Abs(sum - 1) <= tolerance)) RefuseSum(sum, tolerance, rows.AddressOf(member, i), what, findings);
    }

    private static void RefuseSum(double sum, double tolerance, Address address, string what, RequestErrors findings) =>
        findings.Add(address, () => $"a row of {what} sums to 1 (±{Text(tolerance)}), not to {Text(sum)}");

    private static void CheckSumOfLogs(Span<double> row, double tolerance, RowReader rows, long i, string member, RequestErrors findings)
    {
        for (var c = 0; c < row.Length; c++) row[c] = Math.Exp(row[c]);
        CheckSum(row, tolerance, rows, i, member, "exp(log_probabilities)", findings);
    }

    private static void CheckLimit(ReadOnlySpan<double> row, RowReader rows, long i, string member, RequestErrors findings)
    {
        if (row.Count(double.PositiveInfinity) > 1) findings.Add(rows.AddressOf(member, i), "softmax has no limit where two logits are Infinity");
        else if (row.IndexOfAnyExcept(double.NegativeInfinity) < 0) findings.Add(rows.AddressOf(member, i), "softmax has no limit where all logits are -Infinity");
    }

    private static bool IsGood(double value, PredictionForm form) => form switch
    {
        PredictionForm.Logits => !double.IsNaN(value),
        PredictionForm.Probabilities => value is >= 0 and <= 1,
        _ => value <= 0,
    };

    // what a lambda captures is made where it is declared: inside the loop, for every good element, too
    private static void Refuse(double value, PredictionForm form, Address address, RequestErrors findings) =>
        findings.Add(address, () => Refusal(value, form));

    private static string Refusal(double value, PredictionForm form) => form switch
    {
        PredictionForm.Logits => "NaN is no logit; leave the sample out with mask",
        PredictionForm.Probabilities => $"a probability is a number from 0 to 1, not {Text(value)}",
        _ => $"a log-probability is a number of at most 0, not {Text(value)}",
    };
}
