using LossService.Core.Losses;
using LossService.Core.Options;

namespace LossService.Tests.Shared;

/// <summary>The names of the catalogue's losses, for theories that hold of all of them or of a kind.</summary>
public static class LossTheories
{
    /// <summary>Those of which a sample is scored by itself: all but the overlap losses.</summary>
    public static TheoryData<string> All => Where(loss => loss.Kind != LossKind.Overlap);

    public static TheoryData<string> Every => Where(_ => true);

    public static TheoryData<string> Overlap => Where(loss => loss.Kind == LossKind.Overlap);

    public static TheoryData<string> Labelled => Where(loss => loss.Kind != LossKind.Overlap && loss.Labels != LabelRule.None);

    public static TheoryData<string> Categorical => Where(loss => loss.Kind == LossKind.Categorical);

    public static TheoryData<string> LabelledCategorical =>
        Where(loss => loss.Kind == LossKind.Categorical && loss.Labels != LabelRule.None);

    /// <summary>Those whose predictions are compared with a label, so that they have metrics.</summary>
    public static TheoryData<string> Measured => Where(HasMetrics);

    /// <inheritdoc cref="Measured"/>
    public static TheoryData<string> MeasuredCategorical => Where(loss => loss.Kind == LossKind.Categorical && HasMetrics(loss));

    /// <summary>Those whose labels may be a teacher's predictions.</summary>
    public static TheoryData<string> Taught => Where(loss => loss.LabelForms.Contains(TargetForm.Logits));

    /// <inheritdoc cref="Taught"/>
    public static TheoryData<string> TaughtCategorical =>
        Where(loss => loss.Kind == LossKind.Categorical && loss.LabelForms.Contains(TargetForm.Logits));

    /// <summary>Whether a loss has metrics.</summary>
    internal static bool HasMetrics(Loss loss) =>
        loss.Labels != LabelRule.None && loss.Outputs.Any(output => output.Flag == OutputSet.Metrics);

    private static TheoryData<string> Where(Func<Loss, bool> isMeant) =>
        [.. LossCatalogue.All.Where(isMeant).Select(loss => loss.Name)];
}
