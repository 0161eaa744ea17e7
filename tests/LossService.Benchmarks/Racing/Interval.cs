namespace LossService.Benchmarks.Racing;

/// <summary>A median with the interval that holds it in 95 of 100 repetitions, by the bootstrap.</summary>
internal readonly record struct Interval(double Median, double Low, double High)
{
    private const int Resamples = 10_000;

    /// <summary>Draws as many of the values as there are, with repetition, again and again, and takes the median of each draw.</summary>
    public static Interval Of(IReadOnlyList<double> values)
    {
        var random = new Random(1);
        var medians = new double[Resamples];
        for (var i = 0; i < Resamples; i++)
            medians[i] = Race.Median([.. Enumerable.Range(0, values.Count).Select(_ => values[random.Next(values.Count)])]);
        Array.Sort(medians);
        return new(Race.Median([.. values]), medians[Resamples / 40], medians[Resamples - 1 - Resamples / 40]);
    }
}
