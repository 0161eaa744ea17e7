using LossService.Core.Numerics;

namespace LossService.Core.Outputs;

/// <summary>
/// The sums that metrics are made of, over the samples of one batch or of several. They are exact, so neither the order nor the split
/// into batches matters.
/// </summary>
public sealed class MetricsSum
{
    /// <summary>The most classes that are reported, and that a confusion matrix has.</summary>
    internal const int MaxClasses = 1000, MaxMatrix = 100;

    private readonly string? _calibration;
    private readonly long[] _topK;
    private readonly ExactSum[] _topKHits;
    private readonly Bin[] _bins;
    private readonly double[] _edges;
    private readonly ExactSum _weight = new();
    private readonly ExactSum _hits = new();
    private readonly ExactSum _crossEntropy = new();
    private readonly ExactSum _squares = new();
    private readonly ExactSum _outcomes = new();
    private ClassSums? _classes;

    /// <summary>Sums over no samples.</summary>
    /// <param name="topK">The k of the top-k accuracies.</param>
    /// <param name="bins">The number of bins.</param>
    /// <param name="calibration">What the bins hold, of a binary loss.</param>
    /// <param name="classes">The sums by class; null = none.</param>
    internal MetricsSum(long[] topK, int bins, string? calibration, ClassSums? classes)
    {
        _calibration = calibration;
        _classes = classes;
        _topK = topK;
        _topKHits = [.. topK.Select(_ => new ExactSum())];
        _bins = [.. Enumerable.Range(0, bins).Select(_ => new Bin())];
        _edges = [.. Enumerable.Range(0, bins + 1).Select(i => (double)i / bins)];
    }

    /// <summary>The sums by class, which take each sample beside <see cref="Add(double, Dd, bool, int)"/>; null = none.</summary>
    internal ClassSums? Classes => _classes;

    /// <summary>Counts one sample.</summary>
    /// <param name="weight">Its sample weight; no class weight.</param>
    /// <param name="crossEntropy">−Σ y_c log p_c in nats, y the unsmoothed label.</param>
    /// <param name="isHit">Whether the predicted class is the label's.</param>
    /// <param name="rank">How many classes are predicted before the label's.</param>
    internal void Add(double weight, Dd crossEntropy, bool isHit, int rank)
    {
        _weight.Add(weight);
        if (weight != 0)
        {
            var weighted = crossEntropy * new Dd(weight);
            _crossEntropy.Add(weighted.ToScalar());
            _crossEntropy.Add(weighted.Lo[0]);
        }
        if (isHit) _hits.Add(weight);
        for (var i = 0; i < _topK.Length; i++)
            if (rank < _topK[i]) _topKHits[i].Add(weight);
    }

    /// <summary>Counts one sample in the reliability diagram.</summary>
    /// <param name="weight">Its sample weight.</param>
    /// <param name="confidence">The probability of the predicted class, or of the positive one.</param>
    /// <param name="outcome">Whether the predicted class is the label's, 1 or 0; or the label.</param>
    internal void AddToBin(double weight, double confidence, double outcome)
    {
        var bin = _bins[FindBin(confidence)];
        bin.Samples++;
        bin.Weight.Add(weight);
        bin.Confidence.AddProduct(weight, confidence);
        bin.Hits.AddProduct(weight, outcome);
        var error = confidence - outcome;
        _squares.Add(weight * (error * error));
    }

    /// <summary>Counts samples of weight 1, with the same result as one by one: the numbers of a bin are added together.</summary>
    /// <param name="crossEntropies">What <see cref="Add(double, Dd, bool, int)"/> takes of each.</param>
    /// <param name="hits">How many predicted classes are the label's.</param>
    /// <param name="confidences">What <see cref="AddToBin"/> takes of each; at most 2¹⁶ of them.</param>
    /// <param name="outcomes">The outcome of each.</param>
    internal void AddUnweighted(
        ReadOnlySpan<double> crossEntropies, int hits, ReadOnlySpan<double> confidences, ReadOnlySpan<double> outcomes)
    {
        var count = confidences.Length;
        _weight.Add(count);
        _crossEntropy.Add(crossEntropies);
        _hits.Add(hits);

        Span<ushort> bins = stackalloc ushort[count];
        Span<int> ends = stackalloc int[_bins.Length];
        ends.Clear();
        for (var i = 0; i < count; i++)
        {
            bins[i] = (ushort)FindBin(confidences[i]);
            ends[bins[i]]++;
        }
        var start = 0;
        foreach (ref var end in ends) (start, end) = (start + end, start);
        Span<double> sorted = stackalloc double[count], sortedOutcomes = stackalloc double[count];
        for (var i = 0; i < count; i++)
        {
            var place = ends[bins[i]]++;
            (sorted[place], sortedOutcomes[place]) = (confidences[i], outcomes[i]);
        }
        start = 0;
        for (var i = 0; i < _bins.Length; i++)
        {
            var (bin, samples) = (_bins[i], ends[i] - start);
            if (samples == 0) continue;
            bin.Samples += samples;
            bin.Weight.Add(samples);
            bin.Confidence.Add(sorted.Slice(start, samples));
            bin.Hits.Add(sortedOutcomes.Slice(start, samples));
            start = ends[i];
        }
        AddSquares(sorted, sortedOutcomes);
    }

    /// <summary>
    /// Whether another has the same metrics: the same <c>top_k</c>, <c>bins</c> and <c>calibration</c>, and the same classes where they
    /// are reported.
    /// </summary>
    public bool Matches(MetricsSum other) =>
        _calibration == other._calibration && _bins.Length == other._bins.Length && _topK.AsSpan().SequenceEqual(other._topK)
        && (_classes is { } own && other._classes is { } others ? own.Matches(others) : _classes == other._classes);

    /// <summary>Adds the samples of another.</summary>
    /// <exception cref="ArgumentException">The other does not match.</exception>
    public void Add(MetricsSum other)
    {
        if (!Matches(other)) throw new ArgumentException("The sums are of other metrics.", nameof(other));
        _weight.Add(other._weight);
        _hits.Add(other._hits);
        _crossEntropy.Add(other._crossEntropy);
        _squares.Add(other._squares);
        // a batch of no rows does not say how many classes there are
        if (_classes is { Classes: 0 }) _classes = other._classes;
        else if (other._classes is { Classes: > 0 } classes) _classes!.Add(classes);
        for (var i = 0; i < _topK.Length; i++) _topKHits[i].Add(other._topKHits[i]);
        for (var i = 0; i < _bins.Length; i++)
        {
            _bins[i].Samples += other._bins[i].Samples;
            _bins[i].Weight.Add(other._bins[i].Weight);
            _bins[i].Confidence.Add(other._bins[i].Confidence);
            _bins[i].Hits.Add(other._bins[i].Hits);
        }
    }

    /// <summary>The metrics of all that was counted.</summary>
    public Metrics Conclude()
    {
        var total = _weight.Round();
        double? Share(ExactSum part) => total == 0 ? null : part.Round() / total;
        var bins = _bins.Select((bin, i) =>
        {
            var weight = bin.Weight.Round();
            return new CalibrationBin(
                GetEdge(i), GetEdge(i + 1), bin.Samples, weight,
                weight == 0 ? null : bin.Hits.Round() / weight,
                weight == 0 ? null : bin.Confidence.Round() / weight);
        }).ToArray();
        _outcomes.Clear();
        foreach (var bin in _bins) _outcomes.Add(bin.Hits);
        var calibration = new CalibrationSums(_bins.Select(bin => (bin.Weight, bin.Confidence, bin.Hits)), _weight, _outcomes);
        return new(
            Share(_hits),
            [.. _topK.Select((k, i) => KeyValuePair.Create((int)k, Share(_topKHits[i])))],
            Share(_crossEntropy) is { } mean ? Dd.Exp(new Dd(mean)).ToScalar() : null,
            calibration.Expected,
            calibration.Maximum,
            calibration.RootMeanSquare,
            calibration.GetParts(_squares),
            bins,
            _classes?.Conclude() ?? ClassReport.None,
            new(total, _hits.Round(), [.. _topK.Select((k, i) => KeyValuePair.Create((int)k, _topKHits[i].Round()))],
                _crossEntropy.Round(), _squares.Round()));
    }

    private void AddSquares(Span<double> confidences, ReadOnlySpan<double> outcomes)
    {
        for (var i = 0; i < confidences.Length; i++)
        {
            var error = confidences[i] - outcomes[i];
            confidences[i] = error * error;
        }
        _squares.Add(confidences);
    }

    /// <summary>The bin whose edges, as rounded doubles, enclose the confidence. The product alone may miss it by one.</summary>
    private int FindBin(double confidence)
    {
        var i = Math.Min((int)(confidence * _bins.Length), _bins.Length - 1);
        if (confidence < GetEdge(i)) return i - 1;
        return i + 1 < _bins.Length && confidence >= GetEdge(i + 1) ? i + 1 : i;
    }

    private double GetEdge(int i) => _edges[i];

    private sealed class Bin
    {
        public long Samples;
        public readonly ExactSum Weight = new();
        public readonly ExactSum Confidence = new();
        public readonly ExactSum Hits = new();
    }
}
