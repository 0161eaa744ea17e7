using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Validation;

/// <summary>Whether the tensors fit together, and options with one number for each class fit the classes.</summary>
internal static class ShapeRules
{
    /// <summary>Adds what does not fit to <paramref name="problems"/>.</summary>
    public static void Check(Loss loss, Batch batch, BatchProblems problems)
    {
        var name = batch.Form.Name();
        var shape = batch.Predictions.Shape;
        if (!batch.Predictions.DType.IsFloat())
        {
            problems.Add(name, $"expected real numbers, got {batch.Predictions.DType.Name()}");
            return;
        }
        if (shape.Rank == 0)
        {
            problems.Add(name, "expected an array, got a single number");
            return;
        }
        // [0] is an empty array of any rank
        var isAnyLength = shape.Axes is [0];
        var layout = batch.Layout;
        if (!isAnyLength && !ClassLayout.Has(batch.Options.Get(SharedOptions.ClassAxis), shape.Rank))
        {
            problems.Add(SharedOptions.ClassAxis.Name, $"expected an axis of {name}, from {-shape.Rank} to {shape.Rank - 1}, "
                + $"got {batch.Options.Get(SharedOptions.ClassAxis)}");
            return;
        }
        var samples = loss.GetSampleShape(shape, batch.Options);
        var axis = layout.IsLast ? "the last axis" : $"axis {layout.Axis}";
        if (shape.Count == 0 && samples.Count > 0)
        {
            problems.Add(name, $"expected at least one class on {axis}, got the shape {shape}");
            return;
        }

        var needsClasses = loss.Kind == LossKind.Categorical || (loss.Kind == LossKind.Overlap
            && batch.Form == PredictionForm.Logits && batch.Options.Get(SharedOptions.Link) != SharedOptions.LinkSigmoid);
        if (needsClasses && layout.Classes == 1)
        {
            problems.Add(name, $"{loss.Name} compares classes, but {axis} of {name} has one class; "
                + (loss.Kind == LossKind.Overlap
                    ? "link sigmoid takes one" : "binary_cross_entropy takes one number a sample"));
            return;
        }

        if (batch.Labels is { } labels) CheckLabels(loss, batch, labels, samples, problems);
        CheckSamples(BatchField.SampleWeight, batch.SampleWeight, samples, problems);
        CheckSamples(BatchField.Mask, batch.Mask, samples, problems);
        if (batch.Mask is { } mask && mask.DType.IsFloat())
            problems.Add(BatchField.Mask, $"expected booleans, or the integers 0 and 1, got {mask.DType.Name()}");
        foreach (var given in batch.Options.Given)
        {
            if (!isAnyLength) CheckPerClass(given, loss.Kind == LossKind.Binary ? shape.Last : layout.Classes, problems);
            if (given is OptionValue<bool> { Value: true })
                CheckClasses(
                    given.Option, loss.Kind == LossKind.Categorical ? layout.Classes : shape.Rank > 1 ? shape.Last : 1, batch, problems);
            if (ReferenceEquals(given.Option, SharedOptions.TopK)) CheckTopK(given, isAnyLength ? int.MaxValue : layout.Classes, problems);
        }
    }

    private static void CheckLabels(Loss loss, Batch batch, Tensor labels, Shape samples, BatchProblems problems)
    {
        var name = batch.Form.Name();
        var shape = batch.Predictions.Shape;
        // JSON writes every array without elements as []
        if (samples.Count == 0 && labels.Count == 0) return;
        if (batch.LabelForm.IsTeacher()) CheckTeacher(batch, labels, problems);
        else if (batch.LabelForm.IsSparse()) CheckSparse(batch, labels, samples, problems);
        else if (loss.Kind == LossKind.Binary)
        {
            if (labels.Shape != shape)
                problems.Add(BatchField.Labels,
                    $"labels have the shape {labels.Shape}, but {name} {shape}; there is one label for each element");
        }
        else if (labels.Shape.Rank == shape.Rank)
        {
            if (labels.Shape != shape) problems.Add(BatchField.Labels, $"dense labels have the shape {labels.Shape}, but {name} {shape}");
            if (batch.Options.Has(SharedOptions.IgnoreIndex))
                problems.Add(SharedOptions.IgnoreIndex.Name,
                    "ignore_index needs labels that are class indices; leave dense rows out with mask");
        }
        else if (labels.Shape != samples)
        {
            problems.Add(BatchField.Labels,
                $"labels have the shape {labels.Shape}, but {name} {shape}; class indices have the shape {samples}, dense labels {shape}"
                + HintAxis(labels.Shape, shape));
        }
        else if (labels.DType.IsFloat() || labels.DType == DType.Bool)
        {
            problems.Add(BatchField.Labels,
                $"labels of the shape {samples} are class indices, integers from 0 to {batch.Layout.Classes - 1}; got "
                + labels.DType.Name());
        }
    }

    private static void CheckTeacher(Batch batch, Tensor labels, BatchProblems problems)
    {
        var name = batch.LabelForm.Name();
        if (!labels.DType.IsFloat()) problems.Add(name, $"expected real numbers, got {labels.DType.Name()}");
        else if (labels.Shape != batch.Predictions.Shape)
            problems.Add(name, $"{name} have the shape {labels.Shape}, but {batch.Form.Name()} {batch.Predictions.Shape}");
        RefuseIgnoreIndex(batch, problems);
    }

    private static void CheckSparse(Batch batch, Tensor values, Shape samples, BatchProblems problems)
    {
        var (name, indices, classes) = (batch.LabelForm.Name(), batch.LabelIndices!, batch.Layout.Classes);
        if (values.DType == DType.Bool) problems.Add(name, $"expected real numbers, got {values.DType.Name()}");
        else if (indices.DType.IsFloat() || indices.DType == DType.Bool)
            problems.Add(BatchField.LabelIndices, $"expected integers from 0 to {classes - 1}, got {indices.DType.Name()}");
        else if (values.Shape.Rank != samples.Rank + 1 || !values.Shape.Axes[..^1].SequenceEqual(samples.Axes) || values.Shape.Last == 0)
            problems.Add(name, $"{name} have the shape {values.Shape}, but {batch.Form.Name()} {batch.Predictions.Shape}; "
                + $"sparse rows have the samples' axes, {samples}, then one of k numbers, at least one");
        else if (indices.Shape != values.Shape)
            problems.Add(BatchField.LabelIndices, $"{BatchField.LabelIndices} have the shape {indices.Shape}, but {name} {values.Shape}");
        else if (values.Shape.Last > classes)
            problems.Add(name, $"{name} have {values.Shape.Last} numbers for each sample, but there are {classes} classes");
        RefuseIgnoreIndex(batch, problems);
    }

    private static void RefuseIgnoreIndex(Batch batch, BatchProblems problems)
    {
        if (batch.Options.Has(SharedOptions.IgnoreIndex))
            problems.Add(SharedOptions.IgnoreIndex.Name,
                $"ignore_index needs labels, not {batch.LabelForm.Name()}; leave samples out with mask");
    }

    /// <summary>The axis that labels of a shape would fit the predictions with.</summary>
    private static string HintAxis(Shape labels, Shape predictions)
    {
        for (var axis = 0; axis < predictions.Rank; axis++)
            if (predictions.Axes[axis] > 1 && new ClassLayout(predictions, axis).Samples == labels)
                return $"; they fit with class_axis {axis}";
        return "";
    }

    private static void CheckSamples(string field, Tensor? tensor, Shape samples, BatchProblems problems)
    {
        if (tensor is null || (samples.Count == 0 && tensor.Count == 0) || SampleAxes.Fit(tensor.Shape, samples)) return;
        problems.Add(field, $"{field} has the shape {tensor.Shape}, but the samples have {samples}"
            + (samples.Rank > 1 ? ", or a leading part of that" : ""));
    }

    private static void CheckPerClass(OptionValue given, int classes, BatchProblems problems)
    {
        var option = given.Option;
        if (given is not OptionValue<double[]?> { Value: { } values }) return;
        if (values.Length == classes || (values.Length == 1 && option.Form == OptionForm.NumberOrPerClass)) return;
        problems.Add(option.Name, $"{option.Name} has {values.Length} numbers, but there are {classes} classes");
    }

    private static void CheckClasses(Option option, int classes, Batch batch, BatchProblems problems)
    {
        var most = ReferenceEquals(option, SharedOptions.PerClass) ? MetricsSum.MaxClasses
            : ReferenceEquals(option, SharedOptions.ConfusionMatrix) ? MetricsSum.MaxMatrix : int.MaxValue;
        if (classes > most) problems.Add(option.Name, $"{option.Name} takes at most {most} classes, got {classes}");
        var bins = batch.Options.Get(SharedOptions.Bins);
        if (ReferenceEquals(option, SharedOptions.ClassWiseCalibration) && (long)classes * bins > ClassBins.MaxBins)
            problems.Add(option.Name, $"{option.Name} takes at most {ClassBins.MaxBins} bins in all, got {classes} classes with {bins} "
                + $"bins each; up to {ClassBins.MaxBins / classes} bins fit");
    }

    private static void CheckTopK(OptionValue given, int classes, BatchProblems problems)
    {
        if (given is not OptionValue<long[]?> { Value: { } values }) return;
        for (var i = 0; i < values.Length; i++)
        {
            int[] position = values.Length == 1 ? [] : [i];
            if (values[i] > classes)
                problems.Add(given.Option.Name, position,
                    $"expected an integer from 1 to {classes}, the number of classes, got {values[i]}");
            else if (Array.IndexOf(values, values[i]) < i)
                problems.Add(given.Option.Name, position, $"{values[i]} is given twice");
        }
    }
}
