using System.Diagnostics;

namespace LossService.Telemetry;

/// <summary>The spans of the phases in a trace, as children of the request's span. Without a listener nothing is made.</summary>
internal static class PhaseSpans
{
    /// <summary>The name of the source, by which exporters subscribe to it.</summary>
    public const string SourceName = "LossService";

    /// <summary>A stream can have millions of lines, and a trace cannot: lines after this one have no spans.</summary>
    public const int TracedLines = 100;

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Whether a batch has spans: not in a trace that is not sampled, nor beyond the first lines of a stream.</summary>
    public static bool AreWanted(long line) =>
        line <= TracedLines && Source.HasListeners() && Activity.Current is { IsAllDataRequested: true } && !OwnRequests.IsCurrent;

    /// <summary>Adds the span of a phase, see <see cref="AreWanted"/>.</summary>
    /// <param name="phase">The phase.</param>
    /// <param name="line">The line of a stream; 0 = none.</param>
    /// <param name="ticks">How long it took, in ticks of <see cref="Stopwatch"/>.</param>
    /// <param name="ended">When it ended, as <see cref="Stopwatch"/> tells the time.</param>
    public static void Add(Phase phase, long line, long ticks, long ended)
    {
        var end = DateTime.UtcNow - Stopwatch.GetElapsedTime(ended);
        var start = end - Stopwatch.GetElapsedTime(0, ticks);
        using var span = Source.StartActivity(PhaseNames.Get(phase), ActivityKind.Internal, parentContext: default, startTime: start);
        if (line > 0) span?.SetTag("line", line);
        span?.SetEndTime(end);
    }
}
