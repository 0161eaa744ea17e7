using System.Runtime.ExceptionServices;

namespace LossService.Core.Engine;

/// <summary>
/// The cores without a computation. A large request uses them to finish sooner. Cores that other requests compute on count as busy and
/// are not used.
/// </summary>
public static class IdleCores
{
    // computations under way, each on one core
    private static int s_busy;

    /// <summary>Takes the caller's core and idle ones.</summary>
    /// <param name="wanted">The number of cores that the work can use; 0 for work too short to be counted.</param>
    public static Lease Take(long wanted)
    {
        // counting small batches in one shared place costs more than some of their steps
        if (wanted < 1) return new(1, counted: 0);
        while (true)
        {
            var busy = s_busy;
            var taken = (int)Math.Clamp(wanted, 1, Math.Max(1, Environment.ProcessorCount - busy));
            if (Interlocked.CompareExchange(ref s_busy, busy + taken, busy) == busy) return new(taken, taken);
        }
    }

    /// <summary>Takes a core that is idle, for work that can wait.</summary>
    /// <param name="core">The core, which the caller's thread runs on.</param>
    /// <returns>False where there is none.</returns>
    public static bool TryTake(out Lease core)
    {
        var busy = s_busy;
        if (busy >= Environment.ProcessorCount || Interlocked.CompareExchange(ref s_busy, busy + 1, busy) != busy)
        {
            core = default;
            return false;
        }
        core = new(1, counted: 1);
        return true;
    }

    /// <summary>The cores of one computation.</summary>
    public readonly struct Lease : IDisposable
    {
        private readonly int _counted;

        internal Lease(int count, int counted) => (Count, _counted) = (count, counted);

        /// <summary>The number of cores, the caller's included: at least 1.</summary>
        public int Count { get; }

        /// <summary>Runs the parts 0 to <see cref="Count"/> − 1, one on each core, and waits for all.</summary>
        /// <remarks>
        /// With an exhausted thread pool the caller runs them one after the other. What a part throws, this throws, as on one core.
        /// </remarks>
        public void Run(Action<int> part, CancellationToken cancellation = default)
        {
            if (Count == 1)
            {
                part(0);
                return;
            }
            try
            {
                Parallel.For(0, Count, new ParallelOptions { MaxDegreeOfParallelism = Count, CancellationToken = cancellation }, part);
            }
            catch (AggregateException failed)
            {
                ExceptionDispatchInfo.Throw(failed.InnerExceptions[0]);
            }
        }

        /// <summary>Returns the cores.</summary>
        public void Dispose()
        {
            if (_counted > 0) Interlocked.Add(ref s_busy, -_counted);
        }
    }
}
