namespace LossService.Client;

/// <summary>What makes probabilities of logits in an overlap loss.</summary>
public enum LossLink
{
    /// <summary>A softmax over the classes.</summary>
    Softmax,

    /// <summary>A sigmoid of each class by itself.</summary>
    Sigmoid,
}
