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

    /// <summary>The second derivative by each prediction as given, of losses that have one in closed form.</summary>
    Hessian = 8,

    /// <summary>The predicted probabilities.</summary>
    Probabilities = 16,

    /// <summary>Their natural logarithms.</summary>
    LogProbabilities = 32,

    /// <summary>The entropy of each sample's predicted distribution.</summary>
    Entropy = 64,

    /// <summary>The predicted class of each sample.</summary>
    Predictions = 128,

    /// <summary>Accuracy, perplexity and calibration.</summary>
    Metrics = 256,
}
