namespace LossService.Client;

/// <summary>What the service computed of a batch for several losses.</summary>
public sealed class LossScoreSet
{
    internal LossScoreSet(IReadOnlyDictionary<string, LossScores> losses) => Losses = losses;

    /// <summary>The id of the request.</summary>
    public string? Id { get; internal init; }

    /// <summary>The scores of each loss, by the name of its entry.</summary>
    public IReadOnlyDictionary<string, LossScores> Losses { get; }

    /// <summary>
    /// Σ weight·loss, with those of gradient and Hessian that the batch asks for, by default the gradient; null where it was not asked for.
    /// </summary>
    public LossCombination? Combined { get; internal init; }

    /// <summary>What is probably a mistake, though it was scored, in words; null = nothing.</summary>
    public string? Notices { get; internal init; }
}
