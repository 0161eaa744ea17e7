namespace LossService.Core.Options;

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
