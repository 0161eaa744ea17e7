namespace LossService.Client;

/// <summary>How one class is predicted. The counts are sums of sample weights; a quotient that divides by 0 is null.</summary>
/// <param name="TruePositives">Of the class, and predicted as it.</param>
/// <param name="FalsePositives">Of others, but predicted as it.</param>
/// <param name="FalseNegatives">Of the class, but predicted as others.</param>
/// <param name="TrueNegatives">All others.</param>
/// <param name="Support">Of the class.</param>
/// <param name="Precision">The share of what is predicted as the class that is of it.</param>
/// <param name="Recall">The share of the class that is predicted as it.</param>
/// <param name="F1">Their harmonic mean.</param>
/// <param name="Iou">Intersection over union.</param>
public sealed record LossClassMetrics(
    double TruePositives, double FalsePositives, double FalseNegatives, double TrueNegatives, double Support,
    double? Precision, double? Recall, double? F1, double? Iou);
