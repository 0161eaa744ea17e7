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
        ServerKind[] kinds = [workshop.LossService, ServerKind.Idiomatic, ServerKind.FastApiUjson.Single(), ServerKind.FastApiPydantic.Single()];
        var race = workshop.Race with { Turn = TimeSpan.Zero, WarmUp = TimeSpan.Zero };
        var times = race.Run([.. kinds.Select(kind => new Contender(kind.Name, () => SecondsToStart(kind)))]);
        var table = new Table(["median", .. kinds.Select(kind => kind.Name)]);
        table.Rows.Add([Work, .. times.Select(Quantity.Time)]);
        return new("Start",
            """
            From starting the process to the whole answer to a batch of 32×10, asked for every millisecond until it comes. Files are in the page
            cache; one process each; this service as `dotnet publish` with ReadyToRun makes it, on the installed runtime.
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
