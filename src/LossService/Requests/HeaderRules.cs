using FluentValidation;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Outputs;

namespace LossService.Requests;

/// <summary>The header by itself: which members stand together, and every option in its range.</summary>
internal static class HeaderRules
{
    public static void Check(ScoreRequest request, ValidationContext<ScoreRequest> context)
    {
        CheckPredictions(request, context);
        CheckLabels(request, context);
        CheckOptions(request, context);
        CheckOutputs(request, context);
    }

    private static void CheckPredictions(ScoreRequest request, ValidationContext<ScoreRequest> context)
    {
        var loss = request.Loss;
        if (request.Form() is { } form && loss.Accepts.Contains(form)) return;
        var posted = Fields.Predictions.Where(request.Tensors.ContainsKey).ToArray();
        var accepted = string.Join(" or ", loss.Accepts.Select(Fields.Of));
        if (posted.Length == 0) context.Note(new(""), $"the predictions are missing: {loss.Name} takes {accepted}");
        else if (posted.Length > 1) context.Note(new(posted[1]), $"predictions are given once, but there are {string.Join(" and ", posted)}");
        else context.Note(new(posted[0]), $"{loss.Name} takes {accepted}, not {posted[0]}");
    }

    private static void CheckLabels(ScoreRequest request, ValidationContext<ScoreRequest> context)
    {
        var has = request.Tensors.ContainsKey(Fields.Labels);
        if (has && request.Loss.Labels == LabelRule.None) context.Note(new(Fields.Labels), $"{request.Loss.Name} takes no labels");
        if (!has && request.Loss.Labels != LabelRule.None) context.Note(new(""), "the labels are missing");
    }

    private static void CheckOptions(ScoreRequest request, ValidationContext<ScoreRequest> context)
    {
        if (request.HasNoOptions) return;
        var options = request.Options;
        var form = request.Form();
        foreach (var option in request.Loss.Options)
        {
            if (!options.Has(option)) continue;
            if (option.OnlyWith is { } only && form is not null && form != only)
                context.Note(new(option.Name), $"{option.Name} has a meaning for {Fields.Of(only)} only, and {Fields.Of(form.Value)} were posted");
            switch (options.Get(option))
            {
                case double value when !option.Allows(value): context.Note(new(option.Name), $"{option.Name} is {option.Range}, not {value:R}"); break;
                case int value when !option.Allows(value): context.Note(new(option.Name), $"{option.Name} is {option.Range}, not {value}"); break;
                case double[] values: CheckEach(option, values, context); break;
                case long[] values: CheckEach(option, [.. values.Select(value => (double)value)], context); break;
            }
        }
    }

    private static void CheckEach(Option option, double[] values, ValidationContext<ScoreRequest> context)
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (option.Allows(values[i])) continue;
            Address address = values.Length == 1 ? new(option.Name) : new(option.Name, i);
            context.Note(address, $"{option.Name} is {option.Range}, not {values[i]:R}");
        }
    }

    private static void CheckOutputs(ScoreRequest request, ValidationContext<ScoreRequest> context)
    {
        if (request.Unit != Unit.Nats && !request.Loss.IsInformation)
            context.Note(new(Fields.Unit), $"{request.Loss.Name} is no amount of information: it has no unit to change");
        if (request.Outputs is { } asked && (asked & OutputSet.Metrics) != 0 && request.Loss.Labels == LabelRule.None)
            context.Note(new(Fields.Outputs), $"metrics compare predictions with labels, and {request.Loss.Name} takes none");
        if (request.Outputs == 0) context.Note(new(Fields.Outputs), "outputs names nothing to compute");
    }
}
