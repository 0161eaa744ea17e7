namespace LossService.Core.Outputs;

/// <summary>
/// How one class is predicted. The counts are sums of sample weights, and those of two batches add up to those of their union; a quotient
/// that divides by 0 is null.
/// </summary>
/// <param name="TruePositives">Σw over the samples of the class that are predicted as it.</param>
/// <param name="FalsePositives">Σw over the samples of others that are predicted as it.</param>
/// <param name="FalseNegatives">Σw over the samples of the class that are predicted as others.</param>
/// <param name="TrueNegatives">Σw over all other samples.</param>
/// <param name="Support">Σw over the samples of the class.</param>
/// <param name="Precision">The share of what is predicted as the class that is of it.</param>
/// <param name="Recall">The share of the class that is predicted as it.</param>
/// <param name="F1">2·TP/(2·TP + FP + FN): the harmonic mean of precision and recall.</param>
/// <param name="Iou">TP/(TP + FP + FN): intersection over union.</param>
public sealed record ClassMetrics(
    double TruePositives, double FalsePositives, double FalseNegatives, double TrueNegatives, double Support,
    double? Precision, double? Recall, double? F1, double? Iou);
