namespace LossService.Requests;

/// <summary>A tensor of a request: predictions in one of three forms, labels, weights, a mask.</summary>
/// <remarks>The first three are in the order of <see cref="Core.Options.PredictionForm"/>.</remarks>
public enum TensorField
{
    /// <summary>Raw scores.</summary>
    Logits,

    /// <summary>Predicted probabilities p.</summary>
    Probabilities,

    /// <summary>Their natural logarithms, log p.</summary>
    LogProbabilities,

    /// <summary>Class indices or dense targets.</summary>
    Labels,

    /// <summary>A weight for each sample.</summary>
    SampleWeight,

    /// <summary>Booleans: which samples are read.</summary>
    Mask,
}
