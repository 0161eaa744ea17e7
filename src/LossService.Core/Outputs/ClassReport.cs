namespace LossService.Core.Outputs;

/// <summary>How the classes are predicted.</summary>
/// <param name="Classes">Each class, in their order; empty where <c>per_class</c> is not asked for.</param>
/// <param name="Macro">Their means; null where <c>per_class</c> is not asked for.</param>
/// <param name="BalancedAccuracy">The mean recall of the classes with support.</param>
/// <param name="ConfusionMatrix">Σw by label, then by prediction; null where <c>confusion_matrix</c> is not asked for.</param>
public sealed record ClassReport(
    IReadOnlyList<ClassMetrics> Classes, MacroAverage? Macro, double? BalancedAccuracy,
    IReadOnlyList<IReadOnlyList<double>>? ConfusionMatrix)
{
    /// <summary>Where nothing of the classes is asked for.</summary>
    public static ClassReport None { get; } = new([], null, null, null);
}
