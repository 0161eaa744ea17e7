namespace LossService.Core.Outputs;

/// <summary>What an output is, and for a tensor which shape it has.</summary>
public enum OutputShape
{
    /// <summary>One number for the batch.</summary>
    Scalar,

    /// <summary>A tensor in the samples' shape.</summary>
    Samples,

    /// <summary>A tensor in the predictions' shape.</summary>
    Predictions,

    /// <summary>A tensor of three sums for each loss of an overlap.</summary>
    Sums,

    /// <summary>A group of named numbers: <see cref="Outputs.Metrics"/>.</summary>
    Metrics,
}
