using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Validation;

/// <summary>The header: the form of predictions, labels or none, options in their ranges, outputs that the loss has.</summary>
public static class HeaderRules
{
    private static readonly string[] WithSecondDerivative =
        [.. LossCatalogue.All.Where(loss => loss.HasSecondDerivative).Select(loss => loss.Name)];

    /// <summary>Adds what is wrong with a batch's header to <paramref name="problems"/>.</summary>
    public static void Check(Loss loss, Batch batch, BatchProblems problems)
    {
        if (!loss.Accepts.Contains(batch.Form))
            problems.Add(batch.Form.Name(),
                $"{loss.Name} takes {string.Join(" or ", loss.Accepts.Select(form => form.Name()))}, not {batch.Form.Name()}");
        CheckLabels(loss, batch, problems);
        CheckOptions(loss, batch, problems);
        CheckOutputs(loss, batch, problems);
        CheckDefined(batch.LabelForm.Name(), batch.LabelForm, problems);
        CheckDefined(BatchField.Reduction, batch.Reduction, problems);
        CheckDefined(BatchField.MeanOver, batch.MeanOver, problems);
        CheckDefined(BatchField.Unit, batch.Unit, problems);
        CheckDivisor(batch, problems);
        if (batch.ResultDType is not (null or DType.Float32 or DType.Float64))
            problems.Add(BatchField.DType, $"results are float32 or float64, not {batch.ResultDType}");
    }

    private static void CheckLabels(Loss loss, Batch batch, BatchProblems problems)
    {
        var isSparse = batch.LabelForm.IsSparse() && batch.Labels is not null;
        if (batch.LabelIndices is not null && !isSparse)
            problems.Add(BatchField.LabelIndices,
                $"{BatchField.LabelIndices} need {TargetForm.Values.Name()} or {TargetForm.LogValues.Name()}, one for each");
        else if (batch.Labels is null && loss.Labels != LabelRule.None) problems.Add("", $"{BatchField.Labels} are missing");
        if (batch.Labels is null) return;
        if (batch.LabelIndices is null && isSparse)
            problems.Add(batch.LabelForm.Name(), $"{batch.LabelForm.Name()} need {BatchField.LabelIndices}, the class of each");
        var (form, name) = (batch.LabelForm, batch.LabelForm.Name());
        if (loss.Labels == LabelRule.None) problems.Add(name, $"{loss.Name} takes no labels");
        else if (form.IsSparse() && loss.Kind == LossKind.Binary)
            problems.Add(name, $"{loss.Name} takes a label for each element, not {name}");
        else if (loss.Kind == LossKind.Overlap && form != TargetForm.Labels)
            problems.Add(name, $"{loss.Name} takes class indices, or a number from 0 to 1 for each element, not {name}");
        else if (!loss.LabelForms.Contains(form))
            problems.Add(name, $"{loss.Name} takes {(loss.Labels == LabelRule.Relevance ? "relevances" : "hard labels")} only, not {name}: "
                + loss.Labels switch
                {
                    LabelRule.Relevance => "class indices, or rows of finite numbers, as a teacher's scores may be",
                    LabelRule.Class => "class indices, or rows with one 1 and 0 elsewhere",
                    LabelRule.Classes => "class indices, or rows of 0 and 1",
                    _ => "0 or 1 for each element",
                });
    }

    private static void CheckOptions(Loss loss, Batch batch, BatchProblems problems)
    {
        foreach (var given in batch.Options.Given)
        {
            var option = given.Option;
            if (!loss.Options.Any(own => ReferenceEquals(own, option))) problems.Add(option.Name, $"{loss.Name} has no such option");
            if (option.OnlyWith is { } only && batch.Form != only)
                problems.Add(option.Name, $"{option.Name} applies to {only.Name()} only, not to {batch.Form.Name()}");
            if (!option.GoesWith(batch.LabelForm))
                problems.Add(option.Name, $"{option.Name} applies to "
                    + $"{string.Join(" and ", option.OnlyWithLabels!.Select(form => form.Name()))} only, not to {batch.LabelForm.Name()}");
            OptionRules.Check(given, problems);
        }
    }

    private static void CheckOutputs(Loss loss, Batch batch, BatchProblems problems)
    {
        if (batch.Unit != Unit.Nats && !loss.IsInformation)
            problems.Add(BatchField.Unit, $"{loss.Name} is not an amount of information, so it has no unit");
        if (batch.Outputs is not { } asked) return;
        if (asked == OutputSet.None) problems.Add(BatchField.Outputs, "outputs is empty; name at least one output");
        if ((asked & ~OutputCatalogue.Everything) != 0) problems.Add(BatchField.Outputs, "outputs has an unknown output");
        if (batch.Reduction == Reduction.None && (asked & OutputSet.Loss) != 0)
            problems.Add(BatchField.Outputs,
                "there is no output \"loss\" where the reduction is \"none\"; ask for losses, or for the reduction mean or sum");
        foreach (var output in OutputCatalogue.All)
        {
            if (!output.IsIn(asked) || loss.Has(output)) continue;
            problems.Add(BatchField.Outputs, output.NeedsSecondDerivative
                ? $"{loss.Name} has no {output.Name}; these have: {string.Join(", ", WithSecondDerivative)}"
                : output.NeedsLabels && loss.Labels == LabelRule.None
                ? $"{output.Name} compare predictions with labels, and {loss.Name} takes no labels"
                : $"{loss.Name} has no output {output.Name}; it has {string.Join(", ", loss.Outputs.Select(own => own.Name))}");
        }
    }

    private static void CheckDivisor(Batch batch, BatchProblems problems)
    {
        if (batch.Divisor is not { } divisor) return;
        if (!(divisor is >= SharedOptions.Smallest and <= SharedOptions.Largest))
            problems.Add(BatchField.Divisor, $"expected a number from 1e-100 to 1e100, got {NumberText.Format(divisor)}");
        if (batch.Reduction is Reduction.Sum or Reduction.None)
            problems.Add(BatchField.Divisor, "a divisor is what the reduction \"mean\" divides by, and the batch has another reduction");
    }

    private static void CheckDefined<T>(string field, T value, BatchProblems problems) where T : struct, Enum
    {
        if (!Enum.IsDefined(value)) problems.Add(field, $"unknown value {value}");
    }
}
