using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Validation;

/// <summary>
/// A row of probabilities sums to 1, within what rounding to its dtype can cost. One that is normalized has any sum above 0.
/// </summary>
internal static class SumRule
{
    /// <summary>The same of the logarithms of probabilities, in whose place it writes the probabilities.</summary>
    public static void CheckLogs(
        Span<double> logs, DType dtype, string field, string hint, long index, RowReader rows, BatchProblems problems)
    {
        for (var c = 0; c < logs.Length; c++) logs[c] = Math.Exp(logs[c]);
        Check(logs, dtype, field, $"exp({field})", false, hint, index, rows, problems);
    }

    /// <summary>Adds a row that does not to <paramref name="problems"/>.</summary>
    /// <param name="row">The probabilities.</param>
    /// <param name="dtype">The type that they are stored in.</param>
    /// <param name="field">The tensor's name.</param>
    /// <param name="what">What the row is of, in words.</param>
    /// <param name="isNormalized">Whether the row is divided by its sum, so that any sum above 0 does.</param>
    /// <param name="hint">What helps.</param>
    /// <param name="index">The number of the row.</param>
    /// <param name="rows">Where it comes from.</param>
    /// <param name="problems">Takes the problem.</param>
    public static void Check(
        ReadOnlySpan<double> row, DType dtype, string field, string what, bool isNormalized, string hint,
        long index, RowReader rows, BatchProblems problems)
    {
        var tolerance = dtype.SumTolerance();
        var sum = 0.0;
        foreach (var p in row) sum += p;
        var isRight = isNormalized ? sum > 0 && double.IsFinite(sum) : Math.Abs(sum - 1) <= tolerance;
        if (isRight || !problems.Count()) return;
        // as many digits as the numbers have
        var digits = dtype == DType.Float64 ? "R" : "G7";
        var axis = rows.DescribeAxis();
        problems.Keep(field, rows.GetPosition(index), isNormalized
            ? $"a row of {what}{axis} sums to {NumberText.Format(sum, digits)}, so it cannot be normalized"
            : $"a row of {what}{axis} must sum to 1 (±{NumberText.Format(tolerance)}), but sums to "
                + $"{NumberText.Format(sum, digits)}; {hint}");
    }
}
