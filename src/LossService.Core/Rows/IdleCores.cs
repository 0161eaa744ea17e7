using LossService.Core.Numerics;

namespace LossService.Core.Rows;

/// <summary>Scores a stretch of samples, adding to a sum and a tally that are its own.</summary>
internal delegate void Stretch(long start, long end, ExactSum sum, MetricsTally? tally, CancellationToken cancellation);

/// <summary>
/// Splits a large batch over the cores that nobody computes on. Results depend on each sample alone and the sums are exact, so
/// how it was split never shows in them.
/// </summary>
internal static class IdleCores
{
    /// <summary>Elements worth a thread of their own: below, handing over costs more than it saves.</summary>
    private const long Worthwhile = 1 << 17;

    // computations under way, each on one core
    private static int s_busy;

    /// <summary>Scores all samples, on this thread and on idle cores.</summary>
    /// <param name="samples">The number of samples.</param>
    /// <param name="elements">The number of elements in them.</param>
    /// <param name="newTally">Makes an empty tally, or null where none is wanted.</param>
    /// <param name="work">Scores a part.</param>
    /// <param name="cancellation">Stops all parts.</param>
    public static (ExactSum Sum, MetricsTally? Tally) Run(
        long samples, long elements, Func<MetricsTally?> newTally, Stretch work, CancellationToken cancellation)
    {
        var wanted = (int)long.Min(samples, elements / Worthwhile) - 1;
        var helpers = Take(wanted);
        try
        {
            var parts = new (ExactSum Sum, MetricsTally? Tally)[helpers + 1];
            for (var i = 0; i < parts.Length; i++) parts[i] = (new(), newTally());
            if (helpers == 0) work(0, samples, parts[0].Sum, parts[0].Tally, cancellation);
            else Parallel.For(0, parts.Length, new ParallelOptions { MaxDegreeOfParallelism = parts.Length, CancellationToken = cancellation }, Part);
            foreach (var part in parts.AsSpan(1))
            {
                parts[0].Sum.Add(part.Sum);
                if (part.Tally is not null) parts[0].Tally!.Add(part.Tally);
            }
            return parts[0];

            void Part(int i)
            {
                var (start, end) = (samples * i / parts.Length, samples * (i + 1) / parts.Length);
                work(start, end, parts[i].Sum, parts[i].Tally, cancellation);
            }
        }
        finally
        {
            Interlocked.Add(ref s_busy, -helpers - 1);
        }
    }

    /// <summary>Counts this computation as busy, and as many idle cores as there are, up to <paramref name="wanted"/>.</summary>
    private static int Take(int wanted)
    {
        while (true)
        {
            var busy = s_busy;
            var helpers = Math.Clamp(wanted, 0, Math.Max(0, Environment.ProcessorCount - busy - 1));
            if (Interlocked.CompareExchange(ref s_busy, busy + helpers + 1, busy) == busy) return helpers;
        }
    }
}
