namespace LossService.Core.Engine;

/// <summary>The order of a row's classes: the larger first, of equals the lower index.</summary>
internal static class Ranking
{
    /// <summary>The index of the largest value.</summary>
    public static int FindMax(ReadOnlySpan<double> values)
    {
        var best = 0;
        for (var c = 1; c < values.Length; c++)
            if (values[c] > values[best]) best = c;
        return best;
    }

    /// <summary>How many classes come before <paramref name="label"/>.</summary>
    public static int CountBefore(ReadOnlySpan<double> values, int label)
    {
        var count = 0;
        for (var c = 0; c < values.Length; c++)
            if (values[c] > values[label] || (values[c] == values[label] && c < label)) count++;
        return count;
    }
}
