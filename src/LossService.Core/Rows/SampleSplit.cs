using LossService.Core.Numerics;

namespace LossService.Core.Rows;

/// <summary>Scores a stretch of samples, adding to a sum and a tally that are its own.</summary>
internal delegate void Stretch(long start, long end, ExactSum sum, MetricsTally? tally, CancellationToken cancellation);

/// <summary>
/// Splits a large batch over <see cref="IdleCores"/>. Results depend on each sample alone and the sums are exact, so how it was
/// split never shows in them.
/// </summary>
internal static class SampleSplit
{
    /// <summary>Elements worth a thread of their own: below, handing over costs more than it saves.</summary>
    private const long Worthwhile = 1 << 17;

    /// <summary>Scores all samples, on this thread and on idle cores.</summary>
    /// <param name="samples">The number of samples.</param>
    /// <param name="elements">The number of elements in them.</param>
    /// <param name="newTally">Makes an empty tally, or null where none is wanted.</param>
    /// <param name="work">Scores a part.</param>
    /// <param name="cancellation">Stops all parts.</param>
    public static (ExactSum Sum, MetricsTally? Tally) Run(
        long samples, long elements, Func<MetricsTally?> newTally, Stretch work, CancellationToken cancellation)
    {
        using var cores = IdleCores.Take(long.Min(samples, elements / Worthwhile));
        var parts = new (ExactSum Sum, MetricsTally? Tally)[cores.Count];
        for (var i = 0; i < parts.Length; i++) parts[i] = (new(), newTally());
        cores.Run(Part, cancellation);
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
}
