namespace LossService.Core.Outputs;

/// <summary>
/// Plain means over the classes that occur, as a label or as a prediction; a quotient of theirs that divides by 0 counts as 0. Null where
/// none occurs.
/// </summary>
/// <param name="Precision">The mean precision.</param>
/// <param name="Recall">The mean recall.</param>
/// <param name="F1">The mean F1.</param>
/// <param name="Iou">The mean intersection over union.</param>
public sealed record MacroAverage(double? Precision, double? Recall, double? F1, double? Iou);
