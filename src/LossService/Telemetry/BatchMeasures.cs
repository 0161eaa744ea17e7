using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace LossService.Telemetry;

/// <summary>
/// What is measured of one batch, a request or a part of a stream, one phase after the other. It goes into the metrics and the trace in one
/// piece, when the batch is counted.
/// </summary>
internal sealed class BatchMeasures
{
    private Times _ticks;
    private Times _ends;
    private long _last;

    /// <summary>Starts with the first phase of a request.</summary>
    public BatchMeasures() => Begin(0);

    /// <summary>The number of the batch in its stream; 0 = it is a request of its own.</summary>
    public long Line { get; private set; }

    /// <summary>The length of its body; null where it was not read to its end.</summary>
    public long? Bytes { get; set; }

    /// <summary>The samples that were scored; null where none were, or those of several losses.</summary>
    public long? Samples { get; set; }

    /// <summary>How long each phase took, in ticks of <see cref="Stopwatch"/>; 0 = it was not reached.</summary>
    public ref readonly Times Ticks => ref _ticks;

    /// <summary>Starts with the first phase of another batch of the same stream.</summary>
    public void Begin(long line)
    {
        (Line, Bytes, Samples) = (line, null, null);
        _ticks = default;
        Resume();
    }

    /// <summary>Starts the next phase, which does not begin at the end of the last one.</summary>
    public void Resume() => _last = Stopwatch.GetTimestamp();

    /// <summary>Ends a phase.</summary>
    public void End(Phase phase)
    {
        var now = Stopwatch.GetTimestamp();
        // a phase that was reached is never 0
        _ticks[(int)phase] = Math.Max(1, now - _last);
        _ends[(int)phase] = _last = now;
    }

    /// <summary>Adds the phases to the trace.</summary>
    public void Trace()
    {
        if (!PhaseSpans.AreWanted(Line)) return;
        for (var phase = Phase.Read; phase <= Phase.Write; phase++)
        {
            if (_ticks[(int)phase] > 0) PhaseSpans.Add(phase, Line, _ticks[(int)phase], _ends[(int)phase]);
        }
    }

    /// <summary>A time for each phase.</summary>
    [InlineArray((int)Phase.Write + 1)]
    internal struct Times
    {
        private long _first;
    }
}
