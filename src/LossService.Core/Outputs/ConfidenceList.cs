using System.Runtime.CompilerServices;
using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Outputs;

/// <summary>
/// The confidences of a batch, each with its outcome and weight, of which bins of equal weight are made. Their edges depend on all
/// confidences together, so that those of two batches are not found from sums. Samples are added by several threads at once.
/// </summary>
internal sealed unsafe class ConfidenceList : IDisposable
{
    private readonly NativeBuffer _memory;
    private readonly int _capacity;
    private int _count;

    /// <param name="samples">The most samples.</param>
    /// <param name="budget">What their memory is taken from.</param>
    public ConfidenceList(long samples, MemoryBudget? budget)
    {
        _capacity = checked((int)samples);
        _memory = new((nuint)CountBytes(samples), budget);
    }

    private Span<double> Confidences => new((double*)_memory.Address, _capacity);

    private Span<Judgement> Judgements => new((double*)_memory.Address + _capacity, _capacity);

    /// <summary>The bytes of so many samples.</summary>
    public static long CountBytes(long samples) => samples * (sizeof(double) + Unsafe.SizeOf<Judgement>());

    /// <summary>Adds a sample.</summary>
    public void Add(double weight, double confidence, double outcome)
    {
        var i = Interlocked.Increment(ref _count) - 1;
        Confidences[i] = confidence;
        Judgements[i] = new(weight, outcome);
    }

    /// <summary>
    /// The samples in bins of equal weight: bin ⌊B·v/V⌋ has those of which the samples with less confidence weigh v, of V in all. So equal
    /// confidences share a bin, and the order of the samples does not matter.
    /// </summary>
    /// <param name="bins">B.</param>
    public ReliabilityDiagram Conclude(int bins)
    {
        var confidences = Confidences[.._count];
        var judgements = Judgements[.._count];
        confidences.Sort(judgements);
        var total = new ExactSum();
        foreach (var judgement in judgements) total.Add(judgement.Weight);
        // B·v − (bin + 1)·V: the bin ends where it is not negative
        var ahead = new ExactSum();
        ahead.Subtract(total);
        var sums = new DiagramSums();
        var (bin, start) = (0, 0);
        for (int i = 0, end; i < confidences.Length; i = end)
        {
            for (end = i + 1; end < confidences.Length && confidences[end] == confidences[i]; end++) { }
            for (; bin < bins - 1 && ahead.Round() >= 0; bin++)
            {
                if (start < i) sums.End(confidences[start], confidences[i - 1]);
                start = i;
                ahead.Subtract(total);
            }
            for (var k = i; k < end; k++)
            {
                sums.Bin.Add(judgements[k].Weight, confidences[k], judgements[k].Outcome);
                ahead.AddProduct(bins, judgements[k].Weight);
            }
        }
        if (confidences.Length > 0) sums.End(confidences[start], confidences[^1]);
        return sums.Conclude();
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private readonly record struct Judgement(double Weight, double Outcome);
}
