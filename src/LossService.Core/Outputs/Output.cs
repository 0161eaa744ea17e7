using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Core.Outputs;

/// <summary>Something that can be computed for a batch. All that is said of it anywhere follows from its one entry here.</summary>
/// <param name="Flag">How it is asked for.</param>
/// <param name="Name">Its name: <c>log_probabilities</c>.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Description">One sentence: formula, and what a sample that is left out has.</param>
public sealed record Output(OutputSet Flag, string Name, OutputShape Shape, string Description)
{
    /// <summary>The dtype of its tensor; null = that of the predictions.</summary>
    public DType? DType { get; init; }

    /// <summary>Whether it compares predictions with labels, so that a loss without labels does not have it.</summary>
    public bool NeedsLabels { get; init; }

    /// <summary>Whether it is made of second derivatives, so that a loss without them in closed form does not have it.</summary>
    public bool NeedsSecondDerivative { get; init; }

    /// <summary>Whether it is a tensor.</summary>
    public bool IsTensor => Shape is OutputShape.Samples or OutputShape.Predictions;

    /// <summary>Its place in the catalogue: the number of its bit in <see cref="OutputSet"/>.</summary>
    public int Index => System.Numerics.BitOperations.Log2((uint)Flag);

    /// <summary>Whether a set contains it.</summary>
    public bool IsIn(OutputSet set) => (set & Flag) != 0;
}
