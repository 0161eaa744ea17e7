using LossService.Core.Tensors;

namespace LossService.Core.Batches;

/// <summary>
/// The axes of a weight or mask: those of the samples, or the first of them, and then any of length 1. An entry counts for all
/// samples below it: for samples [N, L], a weight [N] or [N, 1] is one weight a row.
/// </summary>
internal static class SampleAxes
{
    /// <summary>Whether a weight or mask of a shape fits the samples.</summary>
    public static bool Fit(Shape shape, Shape samples)
    {
        var shared = shape.Axes.CommonPrefixLength(samples.Axes);
        return (shared > 0 || samples.Rank == 0) && !shape.Axes[shared..].ContainsAnyExcept(1);
    }

    /// <summary>The number of samples that each entry counts for.</summary>
    public static long GetSamplesPerEntry(Tensor tensor, long samples) => tensor.Count == 0 ? 1 : samples / tensor.Count;

    /// <summary>Reads one weight for each sample.</summary>
    public static void Read(Tensor weights, Span<double> samples)
    {
        // an entry may have no samples below it, as of the samples [2, 0]
        if (samples.IsEmpty) return;
        var entries = samples[..(int)weights.Count];
        weights.Read(0, entries);
        var each = samples.Length == entries.Length ? 1 : samples.Length / entries.Length;
        if (each == 1) return;
        // from the last to the first, so that no entry is overwritten before it is read
        for (var i = entries.Length - 1; i >= 0; i--) samples.Slice(i * each, each).Fill(samples[i]);
    }
}
