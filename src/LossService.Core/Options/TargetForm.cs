namespace LossService.Core.Options;

/// <summary>What the labels of a batch hold: always named by the client, never guessed.</summary>
public enum TargetForm
{
    /// <summary>Class indices or dense rows; of a binary loss, a number for each element.</summary>
    Labels,

    /// <summary>A teacher's logits, whose softmax or sigmoid is the target.</summary>
    Logits,

    /// <summary>The logarithms of a teacher's probabilities.</summary>
    LogProbabilities,
}
