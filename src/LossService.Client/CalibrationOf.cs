namespace LossService.Client;

/// <summary>What the reliability diagram of a binary loss compares.</summary>
public enum CalibrationOf
{
    /// <summary>The probability of the positive class with the label.</summary>
    Positive,

    /// <summary>The probability of the predicted class with its being the label's.</summary>
    Predicted,
}
