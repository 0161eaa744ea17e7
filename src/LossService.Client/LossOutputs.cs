namespace LossService.Client;

/// <summary>What the service computes of a batch. The names in snake_case are those of the service.</summary>
[Flags]
public enum LossOutputs
{
    /// <summary>The default: the loss, or the losses of the samples with <see cref="LossReduction.None"/>.</summary>
    Default = 0,

    /// <summary>The reduced loss.</summary>
    Loss = 1,

    /// <summary>The loss of each sample.</summary>
    Losses = 2,

    /// <summary>The derivative of the reduced loss with respect to the predictions as given.</summary>
    Gradient = 4,

    /// <summary>The predicted probabilities.</summary>
    Probabilities = 8,

    /// <summary>Their natural logarithms.</summary>
    LogProbabilities = 16,

    /// <summary>The entropy of each sample's predicted distribution.</summary>
    Entropy = 32,

    /// <summary>The predicted class of each sample.</summary>
    Predictions = 64,

    /// <summary>Accuracy, perplexity and calibration.</summary>
    Metrics = 128,

    /// <summary>The sums that an overlap is a ratio of, for each class.</summary>
    Sums = 256,
}
