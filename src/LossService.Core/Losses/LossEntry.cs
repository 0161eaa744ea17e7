using LossService.Core.Batches;

namespace LossService.Core.Losses;

/// <summary>One of several losses that are scored together.</summary>
/// <param name="Loss">The loss.</param>
/// <param name="Batch">Its labels, options and outputs, with the predictions that all of them share.</param>
/// <param name="Weight">The factor of its value in the combined loss, of either sign.</param>
public sealed record LossEntry(Loss Loss, Batch Batch, double Weight = 1)
{
    /// <summary>The name of <see cref="Weight"/> in problems.</summary>
    public const string WeightField = "weight";
}
