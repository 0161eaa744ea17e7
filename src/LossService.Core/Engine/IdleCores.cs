namespace LossService.Core.Engine;

/// <summary>
/// The cores that nobody computes on. A large request takes what is idle, so that it is answered sooner; it takes nothing from
/// others, since whoever is at work counts as busy.
/// </summary>
public static class IdleCores
{
    // computations under way, each on one core
    private static int s_busy;

    /// <summary>Takes the caller's own core and, where there are idle ones, others beside it.</summary>
    /// <param name="wanted">How many cores the work is worth; 0 where it is over too soon to be counted.</param>
    public static Lease Take(long wanted)
    {
        // two cores that count small batches in one place spend more time on the counting than on some of the batches' steps
        if (wanted < 1) return new(1, counted: 0);
        while (true)
        {
            var busy = s_busy;
            var taken = (int)Math.Clamp(wanted, 1, Math.Max(1, Environment.ProcessorCount - busy));
            if (Interlocked.CompareExchange(ref s_busy, busy + taken, busy) == busy) return new(taken, taken);
        }
    }

    /// <summary>Cores for the time of one piece of work.</summary>
    public readonly struct Lease : IDisposable
    {
        private readonly int _counted;

        internal Lease(int count, int counted) => (Count, _counted) = (count, counted);

        /// <summary>How many, with the caller's own: at least 1.</summary>
        public int Count { get; }

        /// <summary>Does the parts 0 to before <see cref="Count"/>, each on a core, and waits for all of them.</summary>
        /// <remarks>Where the thread pool is exhausted, the caller does them one after the other.</remarks>
        public void Run(Action<int> part, CancellationToken cancellation = default)
        {
            if (Count == 1) part(0);
            else Parallel.For(0, Count, new ParallelOptions { MaxDegreeOfParallelism = Count, CancellationToken = cancellation }, part);
        }

        /// <summary>Gives them back.</summary>
        public void Dispose()
        {
            if (_counted > 0) Interlocked.Add(ref s_busy, -_counted);
        }
    }
}
