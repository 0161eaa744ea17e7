namespace LossService.Client;

/// <summary>Plain means over the classes that occur, as a label or as a prediction; null where none does.</summary>
/// <param name="Precision">The mean precision.</param>
/// <param name="Recall">The mean recall.</param>
/// <param name="F1">The mean F1.</param>
/// <param name="Iou">The mean intersection over union.</param>
public sealed record LossMacroAverage(double? Precision, double? Recall, double? F1, double? Iou);
