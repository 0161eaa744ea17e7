namespace LossService.Core.Options;

/// <summary>What may be asked for. What is not asked for is not computed.</summary>
[Flags]
public enum OutputSet
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

    /// <summary>The sums that an overlap is a ratio of, for each class.</summary>
    Sums = 256,
}
