using LossService.Core.Numerics;
using LossService.Core.Outputs;

namespace LossService.Core.Engine;

/// <summary>
/// Splits a large batch over <see cref="IdleCores"/>. A sample's results depend on that sample only and sums are exact,
/// so the split does not change a bit.
/// </summary>
internal static class SampleSplit
{
    /// <summary>The elements from which a further core saves more time than the handover costs.</summary>
    private const long Worthwhile = 1 << 17;

    // each thread keeps a sum, so that a small batch allocates none
    [ThreadStatic]
    private static ExactSum? s_sum;

    /// <summary>Scores all samples, on this thread and on idle cores.</summary>
    /// <param name="samples">The number of samples.</param>
    /// <param name="elements">The number of elements in them.</param>
    /// <param name="newTally">Makes an empty sum of metrics; null = none.</param>
    /// <param name="work">Scores a part.</param>
    /// <param name="cancellation">Stops all parts.</param>
    /// <returns>The exact sum of the losses, rounded once, and the metrics of all parts.</returns>
    public static (RoundedSum Sum, MetricsSum? Tally) Run(
        long samples, long elements, Func<MetricsSum>? newTally, ScoreRange work, CancellationToken cancellation)
    {
        using var cores = IdleCores.Take(long.Min(samples, elements / Worthwhile));
        if (cores.Count > 1) return RunParts(cores, samples, newTally, work, cancellation);
        var sum = s_sum ?? new();
        s_sum = null;
        sum.Clear();
        var tally = newTally?.Invoke();
        work(0, samples, sum, tally, cancellation);
        var rounded = new RoundedSum(sum);
        s_sum = sum;
        return (rounded, tally);
    }

    /// <summary>The most cores that a batch is split over.</summary>
    public static int CountCores(long samples, long elements) =>
        (int)Math.Clamp(long.Min(samples, elements / Worthwhile), 1, Environment.ProcessorCount);

    private static (RoundedSum Sum, MetricsSum? Tally) RunParts(
        IdleCores.Lease cores, long samples, Func<MetricsSum>? newTally, ScoreRange work, CancellationToken cancellation)
    {
        var parts = new (ExactSum Sum, MetricsSum? Tally)[cores.Count];
        for (var i = 0; i < parts.Length; i++) parts[i] = (new(), newTally?.Invoke());
        cores.Run(Part, cancellation);
        var (sum, tally) = parts[0];
        foreach (var part in parts.AsSpan(1))
        {
            sum.Add(part.Sum);
            if (part.Tally is not null) tally!.Add(part.Tally);
        }
        return (new(sum), tally);

        void Part(int i)
        {
            var (start, end) = (samples * i / parts.Length, samples * (i + 1) / parts.Length);
            work(start, end, parts[i].Sum, parts[i].Tally, cancellation);
        }
    }
}
