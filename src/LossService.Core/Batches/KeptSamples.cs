using System.Runtime.CompilerServices;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Core.Batches;

/// <summary>Which samples are kept: neither masked nor left out by <c>ignore_index</c>.</summary>
/// <param name="batch">The batch.</param>
/// <param name="samples">The number of its samples.</param>
internal sealed class KeptSamples(Batch batch, long samples)
{
    // up to so many are found sooner one after the other
    private const int FewIgnored = 8;

    private readonly Tensor? _mask = batch.Mask;
    private readonly long _samplesPerEntry = batch.Mask is { } mask ? SampleAxes.GetSamplesPerEntry(mask, samples) : 1;
    private readonly Tensor? _labels = batch.Labels;
    private readonly long[]? _ignored = batch.Options.Get(SharedOptions.IgnoreIndex);
    private readonly HashSet<long>? _manyIgnored =
        batch.Options.Get(SharedOptions.IgnoreIndex) is { Length: > FewIgnored } many ? [.. many] : null;

    /// <summary>Whether every sample is kept.</summary>
    public bool AreAll => _mask is null && _ignored is null;

    /// <summary>Whether a sample is kept.</summary>
    public bool Contains(long sample) => !IsMasked(sample) && (_ignored is null || !IsIgnored(_labels!, sample));

    /// <summary>Whether a sample is masked: then nothing of it is read. Of an ignored sample, the predictions are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool IsMasked(long sample) =>
        _mask is not null && _mask.Integer(_samplesPerEntry == 1 ? sample : sample / _samplesPerEntry) == 0;

    /// <summary>Whether any of a range of samples is kept.</summary>
    public bool ContainsAny(long start, long count)
    {
        for (var sample = start; sample < start + count; sample++)
            if (Contains(sample)) return true;
        return false;
    }

    private bool IsIgnored(Tensor labels, long sample)
    {
        if (!labels.DType.IsFloat()) return IsIgnored(labels.Integer(sample));
        Span<double> label = [0];
        labels.Read(sample, label);
        return double.IsInteger(label[0]) && Math.Abs(label[0]) < long.MaxValue && IsIgnored((long)label[0]);
    }

    private bool IsIgnored(long label) => _manyIgnored?.Contains(label) ?? Array.IndexOf(_ignored!, label) >= 0;
}
