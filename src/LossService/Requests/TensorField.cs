namespace LossService.Requests;

/// <summary>A tensor of a request: predictions in one of three forms, labels, weights, a mask.</summary>
/// <remarks>The first three are in the order of <see cref="Core.Options.PredictionForm"/>; the names are <see cref="Fields.Tensors"/>.</remarks>
public enum TensorField
{
    /// <summary>Raw scores.</summary>
    Logits,

    /// <summary>p.</summary>
    Probabilities,

    /// <summary>log p.</summary>
    LogProbabilities,

    /// <summary>Class indices or dense targets.</summary>
    Labels,

    /// <summary>A weight for each sample.</summary>
    SampleWeight,

    /// <summary>Booleans: which samples are read.</summary>
    Mask,
}
