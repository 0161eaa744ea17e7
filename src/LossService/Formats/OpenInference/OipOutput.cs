using LossService.Core.Losses;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Formats.OpenInference;

/// <summary>One output of a model: its name, and the tensor that it is of a batch's scores.</summary>
/// <param name="Name">As clients ask for it.</param>
/// <param name="Computes">What must be computed for it.</param>
/// <param name="DType">Its datatype; null = the predictions'.</param>
/// <param name="Take">Its tensor; null where it was not computed.</param>
/// <param name="Axes">Its shape for a batch of a categorical loss; −1 = any length.</param>
internal sealed record OipOutput(string Name, OutputSet Computes, DType? DType, Func<Scores, Tensor?> Take, params long[] Axes)
{
    /// <summary>All of them. Metrics are tensors too, each by its own name; what has no value is NaN.</summary>
    public static IReadOnlyList<OipOutput> All { get; } =
    [
        new("loss", OutputSet.Loss, Core.Tensors.DType.Float64, scores => Vector(scores.Loss), 1),
        new("losses", OutputSet.Losses, null, scores => scores.Losses, -1),
        new("gradient", OutputSet.Gradient, null, scores => scores.Gradient, -1, -1),
        new("probabilities", OutputSet.Probabilities, null, scores => scores.Probabilities, -1, -1),
        new("log_probabilities", OutputSet.LogProbabilities, null, scores => scores.LogProbabilities, -1, -1),
        new("entropy", OutputSet.Entropy, null, scores => scores.Entropy, -1),
        new("predictions", OutputSet.Predictions, Core.Tensors.DType.Int64, scores => scores.Predictions, -1),
        Metric("accuracy", metrics => Vector(metrics.Accuracy), 1),
        Metric("top_k_accuracy", metrics => Vector([.. metrics.TopKAccuracy.Select(top => top.Value)]), -1),
        Metric("perplexity", metrics => Vector(metrics.Perplexity), 1),
        Metric("expected_calibration_error", metrics => Vector(metrics.ExpectedCalibrationError), 1),
        Metric("calibration_bins", Bins, -1, 6),
    ];

    /// <summary>Those that a loss has: without labels there is nothing to be accurate about.</summary>
    public static IEnumerable<OipOutput> Of(Loss loss) => All.Where(output =>
        (output.Computes != OutputSet.Metrics || loss.Labels != LabelRule.None)
        && (output.Name != "top_k_accuracy" || loss.Options.Any(option => option.Name == "top_k")));

    private static OipOutput Metric(string name, Func<Metrics, Tensor> take, params long[] axes) =>
        new(name, OutputSet.Metrics, Core.Tensors.DType.Float64, scores => scores.Metrics is { } metrics ? take(metrics) : null, axes);

    private static Tensor Vector(params double?[] values) => Fill(new(Core.Tensors.DType.Float64, new(values.Length)), values);

    /// <summary>A row for each bin: lower, upper, samples, weight, accuracy, confidence.</summary>
    private static Tensor Bins(Metrics metrics) => Fill(
        new(Core.Tensors.DType.Float64, new(metrics.Bins.Count, 6)),
        [.. metrics.Bins.SelectMany(bin => new[] { bin.Lower, bin.Upper, bin.Samples, bin.Weight, bin.Accuracy, bin.Confidence })]);

    private static Tensor Fill(Tensor tensor, double?[] values)
    {
        tensor.Write(0, [.. values.Select(value => value ?? double.NaN)]);
        return tensor;
    }
}
