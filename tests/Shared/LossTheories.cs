using LossService.Core.Losses;
using LossService.Core.Options;

namespace LossService.Tests.Shared;

/// <summary>The names of the catalogue's losses, for theories that hold of all of them or of a kind.</summary>
public static class LossTheories
{
    public static TheoryData<string> All => Where(_ => true);

    public static TheoryData<string> Labelled => Where(loss => loss.Labels != LabelRule.None);

    public static TheoryData<string> Categorical => Where(loss => loss.Kind == LossKind.Categorical);

    public static TheoryData<string> LabelledCategorical =>
        Where(loss => loss.Kind == LossKind.Categorical && loss.Labels != LabelRule.None);

    /// <summary>Those whose labels may be a teacher's predictions.</summary>
    public static TheoryData<string> Taught => Where(loss => loss.LabelForms.Contains(TargetForm.Logits));

    /// <inheritdoc cref="Taught"/>
    public static TheoryData<string> TaughtCategorical =>
        Where(loss => loss.Kind == LossKind.Categorical && loss.LabelForms.Contains(TargetForm.Logits));

    private static TheoryData<string> Where(Func<Loss, bool> isMeant) =>
        [.. LossCatalogue.All.Where(isMeant).Select(loss => loss.Name)];
}
