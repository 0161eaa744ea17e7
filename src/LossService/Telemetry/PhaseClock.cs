using System.Diagnostics;

namespace LossService.Telemetry;

/// <summary>Times the phases of one batch, one after the other, for the metrics and the trace.</summary>
internal struct PhaseClock
{
    private long _last;

    /// <summary>Starts with the first phase.</summary>
    public PhaseClock() => _last = Stopwatch.GetTimestamp();

    /// <summary>The number of the line that the batch is in a stream; 0 = the batch is a request of its own.</summary>
    public long Line { get; init; }

    /// <summary>Ends a phase, which took the time since the end of the last one.</summary>
    /// <returns>That time, in ticks of <see cref="Stopwatch"/>.</returns>
    public long End(Phase phase)
    {
        var now = Stopwatch.GetTimestamp();
        var ticks = now - _last;
        _last = now;
        ServiceMeter.RecordPhase(phase, ticks);
        PhaseSpans.Add(phase, Line, ticks);
        return ticks;
    }
}
