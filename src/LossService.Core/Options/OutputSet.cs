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

    /// <summary>∂²loss/∂prediction² of each prediction as posted, in their shape.</summary>
    Hessian = 8,

    /// <summary>p, in the predictions' shape.</summary>
    Probabilities = 16,

    /// <summary>log p, in the predictions' shape.</summary>
    LogProbabilities = 32,

    /// <summary>The entropy of the predicted distribution, in the samples' shape.</summary>
    Entropy = 64,

    /// <summary>argmax, or 1 where p &gt; 0.5, in the samples' shape.</summary>
    Predictions = 128,

    /// <summary>Accuracy, perplexity, calibration.</summary>
    Metrics = 256,
}
