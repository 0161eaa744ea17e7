namespace LossService.Client.Wire;

/// <summary>The names of the outputs.</summary>
internal static class OutputNames
{
    /// <summary>The loss, a number.</summary>
    public const string Loss = "loss";

    /// <summary>All metrics, as the service's JSON has them.</summary>
    public const string Metrics = "metrics";

    /// <summary>Parts of the metrics, which the Open Inference Protocol has as tensors.</summary>
    public const string Accuracy = "accuracy", TopKAccuracy = "top_k_accuracy", Perplexity = "perplexity",
        CalibrationError = "expected_calibration_error", CalibrationBins = "calibration_bins";

    private static readonly (LossOutputs Flag, string Name)[] All =
        [.. Enum.GetValues<LossOutputs>().Where(flag => flag != LossOutputs.Default).Select(flag => (flag, WireName.Of(flag.ToString())))];

    /// <summary>The names of some outputs.</summary>
    public static IEnumerable<string> Of(LossOutputs outputs)
    {
        foreach (var (flag, name) in All)
            if ((outputs & flag) != 0) yield return name;
    }

    /// <summary>The tensors that the metrics are in the Open Inference Protocol; top-k accuracies where the batch has some k.</summary>
    public static string[] PartsOfMetrics(bool hasTopK) => hasTopK
        ? [Accuracy, TopKAccuracy, Perplexity, CalibrationError, CalibrationBins]
        : [Accuracy, Perplexity, CalibrationError, CalibrationBins];
}
