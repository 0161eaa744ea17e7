using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
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

    private const int SquaresAtOnce = 256;

    private readonly string? _calibration;
    private readonly long[] _topK;
    private readonly ExactSum[] _topKHits;
    private readonly BinEdges _edges;
    private readonly BinTable _bins;
    private readonly ExactSum _weight = new();
    private readonly ExactSum _hits = new();
    private readonly ExactSum _crossEntropy = new();
    private readonly ExactSum _squares = new();
    private readonly ExactSum _outcomes = new();
    private ClassSums? _classes;
    private ClassBins? _classBins;

    /// <summary>Sums over no samples.</summary>
    /// <param name="topK">The k of the top-k accuracies.</param>
    /// <param name="bins">The number of bins.</param>
    /// <param name="calibration">What the bins hold, of a binary loss.</param>
    /// <param name="classes">The sums by class; null = none.</param>
    /// <param name="binnedClasses">How many classes have bins of their own; null = none.</param>
    internal MetricsSum(long[] topK, int bins, string? calibration, ClassSums? classes, int? binnedClasses = null)
    {
        _calibration = calibration;
        _classes = classes;
        _topK = topK;
        _topKHits = [.. topK.Select(_ => new ExactSum())];
        _edges = new(bins);
        _bins = new(_edges);
        _classBins = binnedClasses is { } count ? new(count, _edges) : null;
    }

    /// <summary>The sums by class, which take each sample beside <see cref="Add(double, Dd, bool, int)"/>; null = none.</summary>
    internal ClassSums? Classes => _classes;

    /// <summary>The bins of each class, which take each sample beside the others; null = none.</summary>
    internal ClassBins? ClassBins => _classBins;

    /// <summary>Where the confidences of a batch are collected; null = nowhere.</summary>
    internal ConfidenceList? Confidences { get; init; }

    /// <summary>Whether a sample is more than a cross-entropy, a rank and a confidence of the predicted class.</summary>
    internal bool NeedsRows => _classes is not null || _classBins is not null || Confidences is not null;

    /// <summary>Counts one sample.</summary>
    /// <param name="weight">Its sample weight; no class weight.</param>
    /// <param name="crossEntropy">−Σ y_c log p_c in nats, y the unsmoothed label.</param>
    /// <param name="isHit">Whether the predicted class is the label's.</param>
    /// <param name="rank">How many classes are predicted before the label's.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
        _bins.Add(weight, confidence, outcome);
        Confidences?.Add(weight, confidence, outcome);
        var error = confidence - outcome;
        _squares.Add(weight * (error * error));
    }

    /// <summary>Counts samples of weight 1, with the same result as one by one.</summary>
    /// <param name="crossEntropies">What <see cref="Add(double, Dd, bool, int)"/> takes of each.</param>
    /// <param name="hits">How many predicted classes are the label's.</param>
    /// <param name="confidences">What <see cref="AddToBin"/> takes of each.</param>
    /// <param name="outcomes">The outcome of each.</param>
    /// <param name="losses">A sum that the cross-entropies are added to as well; null = none.</param>
    [SkipLocalsInit]
    internal void AddUnweighted(ReadOnlySpan<double> crossEntropies, int hits, ReadOnlySpan<double> confidences,
        ReadOnlySpan<double> outcomes, ExactSum? losses = null)
    {
        var count = confidences.Length;
        _weight.Add(count);
        _crossEntropy.Add(crossEntropies, losses);
        _hits.Add(hits);
        if (Confidences is not null)
            for (var i = 0; i < count; i++) Confidences.Add(1, confidences[i], outcomes[i]);
        _bins.Add(confidences, outcomes);
        Span<double> squares = stackalloc double[SquaresAtOnce];
        for (int i = 0, more; i < count; i += more)
        {
            more = Math.Min(count - i, SquaresAtOnce);
            AddSquares(confidences.Slice(i, more), outcomes.Slice(i, more), squares[..more]);
        }
    }

    /// <summary>Counts rows of classes of weight 1 in the top-k accuracies, beside <see cref="AddUnweighted"/>.</summary>
    /// <param name="ranks">How many classes are predicted before the label's, of each row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void AddRanks(ReadOnlySpan<int> ranks)
    {
        for (var i = 0; i < _topK.Length; i++)
        {
            var hits = 0;
            foreach (var rank in ranks) hits += rank < _topK[i] ? 1 : 0;
            _topKHits[i].Add(hits);
        }
    }

    /// <summary>
    /// Whether another has the same metrics: the same <c>top_k</c>, <c>bins</c> and <c>calibration</c>, and the same classes where they
    /// are reported.
    /// </summary>
    public bool Matches(MetricsSum other) =>
        _calibration == other._calibration && _bins.Count == other._bins.Count && _topK.AsSpan().SequenceEqual(other._topK)
        && (_classes is { } own && other._classes is { } others ? own.Matches(others) : _classes == other._classes)
        && _classBins is null == other._classBins is null
        && (_classBins is not { Classes: > 0 } binned || other._classBins!.Classes == 0 || binned.Classes == other._classBins.Classes);

    /// <summary>Adds the samples of another.</summary>
    /// <exception cref="ArgumentException">The other does not match.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
        if (_classBins is { Classes: 0 }) _classBins = other._classBins;
        else if (other._classBins is { Classes: > 0 } binned) _classBins!.Add(binned);
        for (var i = 0; i < _topK.Length; i++) _topKHits[i].Add(other._topKHits[i]);
        _bins.Add(other._bins);
    }

    /// <summary>The metrics of all that was counted.</summary>
    public Metrics Conclude()
    {
        var total = _weight.Round();
        double? Share(ExactSum part) => total == 0 ? null : part.Round() / total;
        _outcomes.Clear();
        var bins = _bins.Sums;
        foreach (var bin in bins)
            if (bin.Samples > 0) _outcomes.Add(bin.Outcome);
        var calibration = new CalibrationSums(
            bins.Where(bin => bin.Samples > 0).Select(bin => (bin.Weight, bin.Confidence, bin.Outcome)), _weight, _outcomes);
        return new(
            Share(_hits),
            [.. _topK.Select((k, i) => KeyValuePair.Create((int)k, Share(_topKHits[i])))],
            Share(_crossEntropy) is { } mean ? Dd.Exp(new Dd(mean)).ToScalar() : null,
            calibration.Expected,
            calibration.Maximum,
            calibration.RootMeanSquare,
            calibration.GetParts(_squares),
            [.. bins.Select((bin, i) => bin.ToBin(_edges[i], _edges[i + 1]))],
            _classes?.Conclude() ?? ClassReport.None,
            new(total, _hits.Round(), [.. _topK.Select((k, i) => KeyValuePair.Create((int)k, _topKHits[i].Round()))],
                _crossEntropy.Round(), _squares.Round()))
        {
            ClassWise = _classBins?.Conclude(),
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddSquares(ReadOnlySpan<double> confidences, ReadOnlySpan<double> outcomes, Span<double> squares)
    {
        var i = 0;
        for (; i <= squares.Length - Lanes.Width; i += Lanes.Width)
        {
            var error = Vector256.LoadUnsafe(in confidences[i]) - Vector256.LoadUnsafe(in outcomes[i]);
            (error * error).StoreUnsafe(ref squares[i]);
        }
        for (; i < squares.Length; i++)
        {
            var error = confidences[i] - outcomes[i];
            squares[i] = error * error;
        }
        _squares.Add(squares);
    }
}
