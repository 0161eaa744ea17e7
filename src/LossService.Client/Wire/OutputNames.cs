namespace LossService.Client.Wire;

/// <summary>The names of the outputs.</summary>
internal static class OutputNames
{
    /// <summary>The loss, a number.</summary>
    public const string Loss = "loss";

    /// <summary>All metrics, as the service's JSON has them.</summary>
    public const string Metrics = "metrics";

    /// <summary>Tensors of the derivatives.</summary>
    public const string Gradient = "gradient", Hessian = "hessian";

    /// <summary>The sums of an overlap loss.</summary>
    public const string Sums = "sums";

    /// <summary>Parts of the metrics, which the Open Inference Protocol has as tensors.</summary>
    public const string Accuracy = "accuracy", TopKAccuracy = "top_k_accuracy", Perplexity = "perplexity",
        CalibrationError = "expected_calibration_error", MaximumCalibrationError = "maximum_calibration_error",
        RootMeanSquareCalibrationError = "root_mean_square_calibration_error", BrierParts = "brier_parts",
        CalibrationBins = "calibration_bins", PerClass = "per_class", MacroAverage = "macro_average",
        BalancedAccuracy = "balanced_accuracy", ConfusionMatrix = "confusion_matrix",
        TemperatureFit = "temperature_fit", ClassWiseCalibrationError = "class_wise_calibration_error",
        ClassCalibrationErrors = "class_calibration_errors", ClassCalibrationBins = "class_calibration_bins",
        EqualMassCalibrationError = "equal_mass_calibration_error", EqualMassBins = "equal_mass_bins";

    /// <summary>Metrics that JSON has as objects.</summary>
    public const string ClassWiseCalibration = "class_wise_calibration", EqualMassCalibration = "equal_mass_calibration";

    private static readonly (LossOutputs Flag, string Name)[] All =
        [.. Enum.GetValues<LossOutputs>().Where(flag => flag != LossOutputs.Default).Select(flag => (flag, WireName.Of(flag.ToString())))];

    /// <summary>The names of some outputs.</summary>
    public static IEnumerable<string> Of(LossOutputs outputs)
    {
        foreach (var (flag, name) in All)
            if ((outputs & flag) != 0) yield return name;
    }

    /// <summary>The tensors that the metrics are in the Open Inference Protocol; some of them where the options ask for them.</summary>
    public static string[] PartsOfMetrics(LossOptions options) =>
    [
        Accuracy, Perplexity, CalibrationError, MaximumCalibrationError, RootMeanSquareCalibrationError, BrierParts, CalibrationBins,
        .. options.TopK is null ? Array.Empty<string>() : [TopKAccuracy],
        .. options.PerClass is true ? new[] { PerClass, MacroAverage, BalancedAccuracy } : [],
        .. options.ConfusionMatrix is true ? new[] { ConfusionMatrix } : [],
        .. options.ClassWiseCalibration is true
            ? new[] { ClassWiseCalibrationError, ClassCalibrationErrors, ClassCalibrationBins } : [],
        .. options.EqualMassCalibration is true ? new[] { EqualMassCalibrationError, EqualMassBins } : [],
        .. options.FitTemperature is true ? new[] { TemperatureFit } : [],
    ];
}
