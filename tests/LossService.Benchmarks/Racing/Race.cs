using System.Diagnostics;

namespace LossService.Benchmarks.Racing;

/// <summary>One side of a comparison.</summary>
/// <param name="Name">Who it is.</param>
/// <param name="Run">Does the work once; returns the seconds it took, by whichever clock stands closest to the work.</param>
internal sealed record Contender(string Name, Func<double> Run)
{
    /// <summary>A contender that is timed from here.</summary>
    public static Contender Timed(string name, Action work) => new(name, () =>
    {
        var start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    });
}

/// <summary>
/// Contenders take turns, so that whatever else the machine does falls on all of them alike; each one's median counts.
/// </summary>
/// <param name="Rounds">How often each has a turn.</param>
/// <param name="Turn">How long a turn is; it holds one run at least.</param>
/// <param name="WarmUp">How long each runs untimed before the first round; one run at least.</param>
internal sealed record Race(int Rounds, TimeSpan Turn, TimeSpan WarmUp)
{
    /// <summary>The median seconds of a run of each contender, in their order.</summary>
    public double[] Run(params ReadOnlySpan<Contender> contenders)
    {
        foreach (var contender in contenders) RunFor(WarmUp, contender);
        var runs = new List<double>[contenders.Length];
        for (var i = 0; i < runs.Length; i++) runs[i] = [];
        for (var round = 0; round < Rounds; round++)
            for (var i = 0; i < runs.Length; i++) runs[i].AddRange(RunFor(Turn, contenders[i]));
        return Array.ConvertAll(runs, Median);
    }

    /// <summary>The middle value, or the mean of the two middle ones.</summary>
    public static double Median(List<double> values)
    {
        values.Sort();
        return (values[(values.Count - 1) / 2] + values[values.Count / 2]) / 2;
    }

    private static List<double> RunFor(TimeSpan turn, Contender contender)
    {
        var runs = new List<double>();
        var start = Stopwatch.GetTimestamp();
        do runs.Add(contender.Run());
        while (Stopwatch.GetElapsedTime(start) < turn);
        return runs;
    }
}
