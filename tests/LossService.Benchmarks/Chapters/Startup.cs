using System.Diagnostics;
using LossService.Benchmarks.Peers;
using LossService.Benchmarks.Racing;
using LossService.Benchmarks.Report;

namespace LossService.Benchmarks.Chapters;

/// <summary>From the start of a process to its first scored answer.</summary>
internal static class Startup
{
    private const string Work = "start to first scored answer";

    public static Chapter Measure(Workshop workshop)
    {
        ServerKind[] kinds = [workshop.LossService with { Readiness = null }, ServerKind.Idiomatic, ServerKind.FastApiUjson.Single(),
            ServerKind.FastApiPydantic.Single()];
        var race = workshop.Race with { Turn = TimeSpan.Zero, WarmUp = TimeSpan.Zero };
        var times = race.Run([.. kinds.Select(kind => new Contender(kind.Name, () => SecondsToStart(kind)))]);
        var table = new Table(["median", .. kinds.Select(kind => kind.Name)]);
        table.Rows.Add([Work, .. times.Select(Quantity.Time)]);
        return new("Start",
            """
            Time from the start of the process to the complete response to a batch of 32×10, which is requested every millisecond until it
            succeeds. Files are in the page cache; each server is one process; LossService is published with ReadyToRun and runs on the
            installed runtime. It answers before it is ready, which is when it has warmed up.
            """, table,
            Comparison.AtMost(Work, Quantity.Time(times[0]), "half a second", times[0], 0.5, Quantity.Time),
            Comparison.Faster(Work, times[0], kinds[2].Name, times[2], 5));
    }

    private static double SecondsToStart(ServerKind kind)
    {
        var start = Stopwatch.GetTimestamp();
        using var server = Server.Start(kind);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
