using System.Diagnostics;

namespace LossService.Telemetry;

/// <summary>Times the phases of one batch, one after the other, for the metrics and the trace.</summary>
internal struct PhaseClock
{
    private long _last;
    private List<(Phase Phase, long Ticks, long End)>? _held;

    /// <summary>Starts with the first phase.</summary>
    public PhaseClock() => _last = Stopwatch.GetTimestamp();

    /// <summary>The number of the line that the batch is in a stream; 0 = the batch is a request of its own.</summary>
    public long Line { get; init; }

    /// <summary>Whether phases that end are in no metric or trace until <see cref="Release"/>.</summary>
    public bool Holds { init => _held = value ? [] : null; }

    /// <summary>Ends a phase, which took the time since the end of the last one.</summary>
    /// <returns>That time, in ticks of <see cref="Stopwatch"/>.</returns>
    public long End(Phase phase)
    {
        var now = Stopwatch.GetTimestamp();
        var ticks = now - _last;
        _last = now;
        if (_held is null) Record(phase, ticks, now);
        else _held.Add((phase, ticks, now));
        return ticks;
    }

    /// <summary>Records what is held, and starts with the next phase.</summary>
    public void Release()
    {
        if (_held is null) return;
        foreach (var (phase, ticks, end) in _held) Record(phase, ticks, end);
        _held = null;
        _last = Stopwatch.GetTimestamp();
    }

    private readonly void Record(Phase phase, long ticks, long end)
    {
        ServiceMeter.RecordPhase(phase, ticks);
        PhaseSpans.Add(phase, Line, ticks, end);
    }
}
