using System.Diagnostics;

namespace LossService.Hosting;

/// <summary>Lets a number of lines a second into the log, so that a flood of requests cannot fill the disk, and counts the rest.</summary>
/// <param name="limit">How many lines a second.</param>
/// <param name="report">Called with the number of lines that were left out in the last second, if there were any.</param>
internal sealed class LineRate(int limit, Action<long> report)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private long _start = Stopwatch.GetTimestamp();
    private int _lines;
    private long _rest;

    /// <summary>Whether there may be one more line now.</summary>
    public bool Admits()
    {
        lock (_gate)
        {
            if (Stopwatch.GetElapsedTime(_start) >= Second) (_start, _lines) = (Stopwatch.GetTimestamp(), 0);
            if (_lines++ < limit) return true;
        }
        if (Interlocked.Increment(ref _rest) == 1) _ = ReportLaterAsync();
        return false;
    }

    private async Task ReportLaterAsync()
    {
        await Task.Delay(Second);
        report(Interlocked.Exchange(ref _rest, 0));
    }
}
