namespace LossService.Client;

/// <summary>Which divergence <c>kl_divergence</c> is.</summary>
public enum KlDirection
{
    /// <summary>KL(labels‖predictions).</summary>
    Forward,

    /// <summary>KL(predictions‖labels).</summary>
    Reverse,
}
