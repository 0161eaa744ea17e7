using FluentValidation;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Requests;

/// <summary>Whether the tensors fit together, and the options that have one number a class fit the classes.</summary>
internal static class ShapeRules
{
    public static void Check(ScoreRequest request, ValidationContext<ScoreRequest> context)
    {
        var member = Fields.Of(request.Form()!.Value);
        var predictions = request.Tensors[member];
        var shape = predictions.Shape;
        if (!predictions.DType.IsFloat())
        {
            context.Note(new(member), $"{member} are real numbers, not {predictions.DType.Name()}");
            return;
        }
        if (shape.Rank == 0)
        {
            context.Note(new(member), $"{member} is an array: a single number has no classes and is no row");
            return;
        }
        if (shape.Count == 0)
        {
            context.Note(new(member), $"{member} has the shape {shape}: there is nothing in it");
            return;
        }

        var samples = request.Loss.Kind == LossKind.Categorical ? shape.WithoutLast() : shape;
        if (request.Tensors.GetValueOrDefault(Fields.Labels) is { } labels) CheckLabels(request, context, member, labels, samples);
        CheckSamples(Fields.SampleWeight, request, context, samples);
        CheckSamples(Fields.Mask, request, context, samples);
        if (request.HasNoOptions) return;
        foreach (var option in request.Loss.Options) CheckPerClass(option, request, context, shape.Last);
    }

    private static void CheckLabels(ScoreRequest request, ValidationContext<ScoreRequest> context, string member, Tensor labels, Shape samples)
    {
        var shape = request.Tensors[member].Shape;
        if (request.Loss.Kind == LossKind.Binary)
        {
            if (labels.Shape != shape) context.Note(new(Fields.Labels), $"labels have the shape {labels.Shape}, but {member} {shape}: there is one label for each element");
        }
        else if (labels.Shape.Rank == shape.Rank)
        {
            if (labels.Shape != shape) context.Note(new(Fields.Labels), $"dense labels have the shape {labels.Shape}, but {member} {shape}");
            if (request.Options.Names.Contains("ignore_index"))
                context.Note(new("ignore_index"), "ignore_index needs labels that are class indices; leave dense rows out with mask");
        }
        else if (labels.Shape != samples)
        {
            context.Note(new(Fields.Labels), $"labels have the shape {labels.Shape}, but {member} {shape}: class indices have the shape {samples}, dense labels {shape}");
        }
        else if (labels.DType.IsFloat() || labels.DType == DType.Bool)
        {
            var (address, what) = request.FirstRealLabel is { } real ? (real.Address, real.Detail) : (new(Fields.Labels), labels.DType.Name());
            context.Note(address, $"labels of the shape {samples} are class indices, integers from 0 to {shape.Last - 1}; {what} is not");
        }
    }

    private static void CheckSamples(string member, ScoreRequest request, ValidationContext<ScoreRequest> context, Shape samples)
    {
        if (!request.Tensors.TryGetValue(member, out var tensor)) return;
        if (tensor.Shape != samples) context.Note(new(member), $"{member} has the shape {tensor.Shape}; the samples have {samples}");
        if (member == Fields.Mask && tensor.DType != DType.Bool) context.Note(new(member), $"mask is of booleans, not {tensor.DType.Name()}");
    }

    private static void CheckPerClass(Option option, ScoreRequest request, ValidationContext<ScoreRequest> context, int classes)
    {
        if (option.Form is not (OptionForm.PerClass or OptionForm.NumberOrPerClass)) return;
        if (!request.Options.Has(option) || request.Options.Get(option) is not double[] values) return;
        if (values.Length == classes || (values.Length == 1 && option.Form == OptionForm.NumberOrPerClass)) return;
        context.Note(new(option.Name), $"{option.Name} has {values.Length} numbers, but there are {classes} classes");
    }
}
