namespace LossService.Telemetry;

/// <summary>
/// Holds measurements back, those of each core apart, and records them in a row. One that is recorded alone takes several times as long:
/// the collector's code and tables have left the cache, and both cores write to the same lines of it.
/// </summary>
/// <typeparam name="T">A measurement.</typeparam>
/// <param name="record">Records some.</param>
internal sealed class HeldMeasurements<T>(HeldMeasurements<T>.Recording record)
{
    /// <summary>Records measurements.</summary>
    public delegate void Recording(ReadOnlySpan<T> held);

    /// <summary>How many a core holds before it records them.</summary>
    public const int Most = 256;

    private readonly Core[] _cores = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Core())];

    /// <summary>Holds a measurement.</summary>
    public void Add(in T measurement)
    {
        // a thread that moves to another core meanwhile only waits for a lock
        var core = _cores[Thread.GetCurrentProcessorId() % _cores.Length];
        lock (core.Sync)
        {
            core.Held[core.Count++] = measurement;
            if (core.Count == Most) Record(core);
        }
    }

    /// <summary>Records all that is held.</summary>
    public void RecordAll()
    {
        foreach (var core in _cores)
        {
            lock (core.Sync) Record(core);
        }
    }

    private void Record(Core core)
    {
        record(core.Held.AsSpan(0, core.Count));
        core.Count = 0;
    }

    private sealed class Core
    {
        public readonly Lock Sync = new();
        public readonly T[] Held = new T[Most];
        public int Count;
    }
}
