namespace LossService.Core;

/// <summary>What the model put out: always named by the client, never guessed.</summary>
public enum PredictionForm
{
    /// <summary>Raw scores z, before softmax or sigmoid.</summary>
    Logits,

    /// <summary>p in [0, 1]; for a categorical loss a row sums to 1.</summary>
    Probabilities,

    /// <summary>log p ≤ 0.</summary>
    LogProbabilities,
}

/// <summary>How the samples' losses become one.</summary>
public enum Reduction
{
    /// <summary>Σwℓ/Σw, or Σwℓ/n; see <see cref="MeanOver"/>.</summary>
    Mean,

    /// <summary>Σwℓ.</summary>
    Sum,

    /// <summary>No scalar loss; the gradient is that of the sum.</summary>
    None,
}

/// <summary>What a mean divides by.</summary>
public enum MeanOver
{
    /// <summary>Σw over the kept samples.</summary>
    Weight,

    /// <summary>The number of kept samples.</summary>
    Samples,
}

/// <summary>The unit of a loss that is an amount of information.</summary>
public enum Unit
{
    /// <summary>Natural logarithms.</summary>
    Nats,

    /// <summary>Binary logarithms: nats / ln 2.</summary>
    Bits,
}

/// <summary>What may be asked for. What is not asked for is not computed.</summary>
[Flags]
public enum Outputs
{
    /// <summary>Nothing but the totals.</summary>
    None = 0,

    /// <summary>The reduced loss, a scalar.</summary>
    Loss = 1,

    /// <summary>Each sample's weighted loss wℓ, in the samples' shape.</summary>
    Losses = 2,

    /// <summary>∂loss/∂predictions as posted, in the predictions' shape.</summary>
    Gradient = 4,

    /// <summary>p, in the predictions' shape.</summary>
    Probabilities = 8,

    /// <summary>log p, in the predictions' shape.</summary>
    LogProbabilities = 16,

    /// <summary>The entropy of the predicted distribution, in the samples' shape.</summary>
    Entropy = 32,

    /// <summary>argmax, or 1 where p &gt; 0.5, in the samples' shape.</summary>
    Predictions = 64,

    /// <summary>Accuracy, perplexity, calibration.</summary>
    Metrics = 128,
}

/// <summary>Predictions, labels and weights, and what to make of them. Valid: see the validation of the host.</summary>
public sealed record Batch : IDisposable
{
    /// <summary>What <see cref="Predictions"/> holds.</summary>
    public required PredictionForm Form { get; init; }

    /// <summary>The model's outputs; classes on the last axis.</summary>
    public required Tensor Predictions { get; init; }

    /// <summary>Class indices (rank one less than the predictions'), or dense rows; null for a loss without labels.</summary>
    public Tensor? Labels { get; init; }

    /// <summary>One finite weight for each sample; null = 1.</summary>
    public Tensor? SampleWeight { get; init; }

    /// <summary>Booleans: false = the sample is never read; null = all are kept.</summary>
    public Tensor? Mask { get; init; }

    /// <summary>What to compute.</summary>
    public Outputs Outputs { get; init; } = Outputs.Loss;

    /// <summary>How the losses become one.</summary>
    public Reduction Reduction { get; init; }

    /// <summary>What a mean divides by.</summary>
    public MeanOver MeanOver { get; init; }

    /// <summary>Nats or bits.</summary>
    public Unit Unit { get; init; }

    /// <summary>The loss's own options.</summary>
    public Options Options { get; init; } = Options.None;

    /// <summary>Whether an output is asked for.</summary>
    public bool Wants(Outputs output) => (Outputs & output) != 0;

    /// <inheritdoc/>
    public void Dispose()
    {
        Predictions.Dispose();
        Labels?.Dispose();
        SampleWeight?.Dispose();
        Mask?.Dispose();
    }
}
