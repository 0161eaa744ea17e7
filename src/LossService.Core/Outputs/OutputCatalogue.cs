using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Core.Outputs;

/// <summary>Every output there is, in the order of a response.</summary>
public static class OutputCatalogue
{
    /// <summary>All outputs; the place of each is the number of its bit in <see cref="OutputSet"/>.</summary>
    public static IReadOnlyList<Output> All { get; } =
    [
        new(OutputSet.Loss, "loss", OutputShape.Scalar,
            "The reduced loss in float64; null where no sample was kept."),
        new(OutputSet.Losses, "losses", OutputShape.Samples,
            "wℓ of each sample; 0 where a sample was not kept."),
        new(OutputSet.Gradient, "gradient", OutputShape.Predictions,
            "∂loss/∂predictions with respect to the predictions as posted; 0 where a sample was not kept."),
        new(OutputSet.Probabilities, "probabilities", OutputShape.Predictions,
            "p; 0 where a sample was not kept."),
        new(OutputSet.LogProbabilities, "log_probabilities", OutputShape.Predictions,
            "log p; 0 where a sample was not kept."),
        new(OutputSet.Entropy, "entropy", OutputShape.Samples,
            "The entropy of each sample's predicted distribution; 0 where a sample was not kept."),
        new(OutputSet.Predictions, "predictions", OutputShape.Samples,
            "The predicted class of each sample (binary: 1 where p > 0.5); −1 where a sample was not kept.") { DType = DType.Int64 },
        new(OutputSet.Metrics, "metrics", OutputShape.Metrics,
            "Accuracy, perplexity and calibration of the predictions.") { NeedsLabels = true },
    ];

    /// <summary>All outputs as one set.</summary>
    public static OutputSet Everything { get; } = All.Aggregate(OutputSet.None, (set, output) => set | output.Flag);

    /// <summary>The output of a name, or null.</summary>
    public static Output? Find(string name) => All.FirstOrDefault(output => output.Name == name);

    /// <summary>What is computed where nothing is asked for: the loss, or the losses where they are not reduced.</summary>
    public static OutputSet GetDefault(Reduction reduction) => reduction == Reduction.None ? OutputSet.Losses : OutputSet.Loss;
}
