using LossService.Core.Batches;
using LossService.Core.Tensors;

namespace LossService.Core.Outputs;

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
