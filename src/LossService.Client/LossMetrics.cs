namespace LossService.Client;

/// <summary>How good the predictions of a batch are, weighted by the sample weights; null where those add up to 0.</summary>
/// <param name="Accuracy">The share of samples whose predicted class is the label's.</param>
/// <param name="TopKAccuracy">By k: the share whose label is among the k largest predictions.</param>
/// <param name="Perplexity">exp of the mean cross-entropy in nats.</param>
/// <param name="ExpectedCalibrationError">The mean distance of accuracy and confidence over the bins.</param>
/// <param name="MaximumCalibrationError">The largest distance of accuracy and confidence of a bin.</param>
/// <param name="RootMeanSquareCalibrationError">The root of the mean squared distance.</param>
/// <param name="Brier">The Brier score of the confidence, and its parts.</param>
/// <param name="Bins">The reliability diagram.</param>
public sealed record LossMetrics(
    double? Accuracy, IReadOnlyDictionary<long, double?> TopKAccuracy, double? Perplexity, double? ExpectedCalibrationError,
    double? MaximumCalibrationError, double? RootMeanSquareCalibrationError, LossBrierParts Brier, IReadOnlyList<LossCalibrationBin> Bins)
{
    /// <summary>The calibration of each class; null unless <see cref="LossOptions.ClassWiseCalibration"/> is set.</summary>
    public LossClassWiseCalibration? ClassWiseCalibration { get; init; }

    /// <summary>Bins of equal weight; null unless <see cref="LossOptions.EqualMassCalibration"/> is set, and of a stream.</summary>
    public LossReliabilityDiagram? EqualMassCalibration { get; init; }

    /// <summary>Each class, in their order; empty unless <see cref="LossOptions.PerClass"/> is set.</summary>
    public IReadOnlyList<LossClassMetrics> Classes { get; init; } = [];

    /// <summary>Means over the classes that occur; null unless <see cref="LossOptions.PerClass"/> is set.</summary>
    public LossMacroAverage? Macro { get; init; }

    /// <summary>The mean recall of the classes with support.</summary>
    public double? BalancedAccuracy { get; init; }

    /// <summary>The best temperature; null unless <see cref="LossOptions.FitTemperature"/> is set.</summary>
    public LossTemperatureFit? TemperatureFit { get; init; }

    /// <summary>Weights by label, then by prediction; empty unless <see cref="LossOptions.ConfusionMatrix"/> is set.</summary>
    public IReadOnlyList<IReadOnlyList<double>> ConfusionMatrix { get; init; } = [];
}
