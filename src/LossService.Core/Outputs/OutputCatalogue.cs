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
            "The reduced loss, float64; null if the mean divides by 0, as when all samples are masked or ignored."),
        new(OutputSet.Losses, "losses", OutputShape.Samples,
            "The weighted loss wℓ of each sample; 0 for masked and ignored samples."),
        new(OutputSet.Gradient, "gradient", OutputShape.Predictions,
            "∂loss/∂predictions, with respect to the predictions as posted; 0 for masked and ignored samples."),
        new(OutputSet.Hessian, "hessian", OutputShape.Predictions,
            "∂²loss/∂prediction² of each prediction as posted, the diagonal of the second derivative, of losses that have one in closed "
            + "form; 0 for masked and ignored samples.")
        { NeedsSecondDerivative = true },
        new(OutputSet.Probabilities, "probabilities", OutputShape.Predictions,
            "The predicted probabilities p; NaN for masked samples."),
        new(OutputSet.LogProbabilities, "log_probabilities", OutputShape.Predictions,
            "log p; NaN for masked samples."),
        new(OutputSet.Entropy, "entropy", OutputShape.Samples,
            "The entropy of each sample's predicted distribution; NaN for masked samples."),
        new(OutputSet.Predictions, "predictions", OutputShape.Samples,
            "The predicted class of each sample (binary: 1 if p > 0.5, else 0); −1 for masked samples, and for ignored ones with NaN.")
        {
            DType = DType.Int64,
        },
        new(OutputSet.Metrics, "metrics", OutputShape.Metrics,
            "Accuracy, perplexity, calibration and classes of the predictions, weighted by sample_weight and never by class_weight.")
        { NeedsLabels = true },
    ];

    /// <summary>All outputs as one set.</summary>
    public static OutputSet Everything { get; } = All.Aggregate(OutputSet.None, (set, output) => set | output.Flag);

    /// <summary>The output of a name, or null.</summary>
    public static Output? Find(string name)
    {
        // called for every request; a query allocates 120 bytes
        for (var i = 0; i < All.Count; i++)
            if (All[i].Name == name) return All[i];
        return null;
    }

    /// <summary>What is computed where nothing is asked for: the loss, or the losses where they are not reduced.</summary>
    public static OutputSet GetDefault(Reduction reduction) => reduction == Reduction.None ? OutputSet.Losses : OutputSet.Loss;
}
