namespace LossService.Core;

/// <summary>What a batch adds up to; the totals of two batches, added, are those of their union.</summary>
/// <param name="Samples">The number of kept samples: neither masked nor ignored.</param>
/// <param name="Weight">Σw over them.</param>
/// <param name="Loss">Σwℓ over them.</param>
public readonly record struct Totals(long Samples, double Weight, double Loss)
{
    /// <summary>Σwℓ/Σw; null where nothing was kept, or all of it weightless.</summary>
    public double? Mean => Samples == 0 || Weight == 0 ? null : Loss / Weight;
}

/// <summary>What comes back for a <see cref="Batch"/>: the totals always, the rest where it was asked for.</summary>
public sealed class Scores : IDisposable
{
    /// <summary>The reduced loss; null where nothing was kept.</summary>
    public double? Loss { get; set; }

    /// <summary>Σ over the kept samples.</summary>
    public Totals Totals { get; set; }

    /// <summary>wℓ of each sample, 0 where it was not kept.</summary>
    public Tensor? Losses { get; init; }

    /// <summary>∂loss/∂predictions, 0 where the sample was not kept.</summary>
    public Tensor? Gradient { get; init; }

    /// <summary>p, 0 where the sample was not kept.</summary>
    public Tensor? Probabilities { get; init; }

    /// <summary>log p, 0 where the sample was not kept.</summary>
    public Tensor? LogProbabilities { get; init; }

    /// <summary>The entropy of each sample's predicted distribution, 0 where it was not kept.</summary>
    public Tensor? Entropy { get; init; }

    /// <summary>The predicted class as int64, −1 where the sample was not kept.</summary>
    public Tensor? Predictions { get; init; }

    /// <summary>How good the predictions are.</summary>
    public Metrics? Metrics { get; set; }

    /// <summary>The tensors that there are.</summary>
    public IEnumerable<Tensor> Tensors =>
        new[] { Losses, Gradient, Probabilities, LogProbabilities, Entropy, Predictions }.OfType<Tensor>();

    /// <inheritdoc/>
    public void Dispose()
    {
        Losses?.Dispose();
        Gradient?.Dispose();
        Probabilities?.Dispose();
        LogProbabilities?.Dispose();
        Entropy?.Dispose();
        Predictions?.Dispose();
    }
}

/// <summary>How good a batch's predictions are, each weighted by w and over the kept samples only; null where Σw = 0.</summary>
/// <param name="Accuracy">The share of samples whose predicted class is the label's.</param>
/// <param name="TopKAccuracy">By k: the share whose label is among the k largest predictions; empty for a binary loss.</param>
/// <param name="Perplexity">exp of the mean cross-entropy, in nats, of the unsmoothed label.</param>
/// <param name="ExpectedCalibrationError">Σ_b share_b·|accuracy_b − confidence_b| over <paramref name="Bins"/>.</param>
/// <param name="Bins">The reliability diagram.</param>
public sealed record Metrics(
    double? Accuracy,
    IReadOnlyList<KeyValuePair<int, double?>> TopKAccuracy,
    double? Perplexity,
    double? ExpectedCalibrationError,
    IReadOnlyList<CalibrationBin> Bins);

/// <summary>One bin of the reliability diagram: the samples whose confidence lies in [Lower, Upper), the last in [Lower, 1].</summary>
/// <param name="Lower">The least confidence.</param>
/// <param name="Upper">The end of the bin.</param>
/// <param name="Samples">The number of samples in it.</param>
/// <param name="Weight">Their weight.</param>
/// <param name="Accuracy">Their mean correctness; null where the bin is empty.</param>
/// <param name="Confidence">Their mean confidence; null where the bin is empty.</param>
public sealed record CalibrationBin(double Lower, double Upper, long Samples, double Weight, double? Accuracy, double? Confidence);
