namespace LossService.Core.Validation;

/// <summary>A row of logits has a softmax: one logit is above −∞, and at most one is +∞.</summary>
internal static class SoftmaxRule
{
    /// <summary>Adds a row that has none to <paramref name="problems"/>.</summary>
    /// <param name="row">The logits, none NaN.</param>
    /// <param name="field">The tensor's name.</param>
    /// <param name="index">The number of the row.</param>
    /// <param name="rows">Where it comes from.</param>
    /// <param name="problems">Takes the problem.</param>
    public static void Check(ReadOnlySpan<double> row, string field, long index, RowReader rows, BatchProblems problems)
    {
        var infinite = row.Count(double.PositiveInfinity) > 1 ? "more than one logit is Infinity"
            : row.IndexOfAnyExcept(double.NegativeInfinity) < 0 ? "all logits are -Infinity" : null;
        if (infinite is not null && problems.Count())
            problems.Keep(field, rows.GetPosition(index), $"softmax is undefined where {infinite}{rows.DescribeAxis()}");
    }
}
