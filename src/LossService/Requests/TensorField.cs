namespace LossService.Requests;

/// <summary>A tensor of a request: predictions and labels, each in one of three forms, weights, a mask.</summary>
/// <remarks>
/// The first are in the order of <see cref="Core.Options.PredictionForm"/>, the next in that of
/// <see cref="Core.Options.TargetForm"/>.
/// </remarks>
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

    /// <summary>A teacher's raw scores, as labels.</summary>
    LabelLogits,

    /// <summary>The logarithms of a teacher's probabilities, as labels.</summary>
    LabelLogProbabilities,

    /// <summary>A weight for each sample.</summary>
    SampleWeight,

    /// <summary>Booleans: which samples are read.</summary>
    Mask,
}
