using System.Text.Json;
using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Tests.Shared;

namespace LossService.Core.Tests;

/// <summary>A batch that is good but for one thing.</summary>
/// <param name="What">What is wrong with it.</param>
/// <param name="Field">The field that must be named.</param>
/// <param name="Batch">The batch.</param>
/// <param name="Position">Where in the field, if that is one place.</param>
internal sealed record HostileBatch(string What, string Field, Batch Batch, params int[] Position);

/// <summary>Everything that a batch in process can have wrong, for any loss.</summary>
internal static class HostileBatches
{
    private const int Rows = 3;
    private const int Classes = 4;

    private static readonly long[] FirstClass = [0];
    private static readonly double[] NonFinite = [double.NaN, double.PositiveInfinity, double.NegativeInfinity];

    /// <summary>Good batches of the loss, one for each form of predictions and labels that it takes.</summary>
    public static IEnumerable<Draft> Good(Loss loss) =>
        from form in loss.Accepts
        from labels in BatchGenerator.LabelFormsOf(loss)
        let space = new BatchSpace { Forms = [form], LabelForms = [labels], DTypes = [DType.Float64], Scales = [3], OptionChance = 0 }
        select BatchGenerator.Draw(loss, space.OfSize(Rows, Classes), seed: 7) with
        {
            Reduction = Reduction.Mean,
            MeanOver = MeanOver.Weight,
            Divisor = null,
            SampleWeight = null,
            Mask = null,
            Unit = Unit.Nats,
            ClassAxis = null,
        };

    /// <summary>The name of the field that holds predictions of a form.</summary>
    public static string FieldOf(PredictionForm form) => JsonNamingPolicy.SnakeCaseLower.ConvertName($"{form}");

    public static IEnumerable<HostileBatch> For(Loss loss) => Good(loss).SelectMany(good => (HostileBatch[])
    [
        .. Labels(good), .. LabelShapes(good), .. Predictions(good), .. PredictionValues(good), .. Weights(good), .. Masks(good),
        .. Options(good), .. Header(good),
    ]);

    private static IEnumerable<HostileBatch> Labels(Draft good)
    {
        if (good.Labels is null)
        {
            yield return new("labels where none are taken", "labels", good.Batch() with { Labels = Filled(DType.Int64, [Rows], 0) });
            yield break;
        }
        yield return new("no labels", "labels", good.Batch() with { Labels = null });
        if (good.LabelForm == LabelForm.Indices)
        {
            foreach (var label in (long[])[Classes, -1, 4_000_000, int.MaxValue, 1L << 32, long.MinValue, long.MaxValue])
                yield return new($"label {label}", "labels", good.Batch() with { Labels = Indices(label) }, 1);
            // what is read as a 32-bit index would be a class
            yield return new("label 2^32 + 1", "labels", good.Batch() with { Labels = Indices((1L << 32) + 1) }, 1);
            foreach (var dtype in Enum.GetValues<DType>().Where(dtype => dtype.IsFloat() || dtype == DType.Bool))
                yield return new($"class indices of {dtype}", "labels", good.Batch() with { Labels = Filled(dtype, [Rows], 0) });
            yield break;
        }
        var areRelevances = good.Loss.Labels == LabelRule.Relevance;
        foreach (var value in (double[])[.. NonFinite, .. areRelevances ? [] : (double[])[-0.5, 1.5, -1, Classes, 4_000_000]])
            yield return new($"label {value}", "labels", With(good, label: value));
        if (good.Loss.Labels is LabelRule.Bit or LabelRule.Class or LabelRule.Classes)
            yield return new("label 0.5", "labels", With(good, label: 0.5));
        if (good.IsBinary) yield break;
        if (good.Loss.Labels is not (LabelRule.Classes or LabelRule.Relevance))
            yield return new("a row of no class", "labels", good.Batch() with { Labels = Filled(DType.Float64, [Rows, Classes], 0) });
        if (!areRelevances)
            yield return new("a row that sums to 2", "labels", good.Batch() with { Labels = Filled(DType.Float64, [Rows, Classes], 0.5) });
        var option = good.Loss.Options.FirstOrDefault(option => option.Name == "ignore_index");
        if (option is not null) yield return new("ignore_index of rows", "ignore_index", good.With(option, FirstClass).Batch());
    }

    private static IEnumerable<HostileBatch> LabelShapes(Draft good)
    {
        if (good.Labels is null) yield break;
        int[][] shapes =
        [
            [], [1], [0], [Rows - 1], [Rows + 1], [Classes], [Rows * Classes], [1, Rows], [Rows, 1], [Rows, Classes - 1],
            [Rows, Classes + 1], [Rows + 1, Classes], [Classes, Rows], [Rows, Classes, 1], [1, Rows, Classes], [Rows, 0],
        ];
        foreach (var shape in shapes)
        {
            foreach (var dtype in (DType[])[DType.Int64, DType.Float64, DType.UInt8])
                yield return new($"labels of {new Shape(shape)} {dtype}", "labels", good.Batch() with { Labels = Filled(dtype, shape, 0) });
        }
        if (good.IsBinary) yield return new("one label a row", "labels", good.Batch() with { Labels = Filled(DType.Int64, [Rows], 0) });
    }

    private static IEnumerable<HostileBatch> Predictions(Draft good)
    {
        var field = FieldOf(good.Form);
        foreach (var dtype in Enum.GetValues<DType>().Where(dtype => !dtype.IsFloat()))
            yield return new($"predictions of {dtype}", field, good.Batch() with { Predictions = Filled(dtype, [Rows, Classes], 0) });
        foreach (var shape in (int[][])(good.IsBinary ? [[]] : [[], [Rows, 0]]))
        {
            var samples = good.IsBinary ? shape : shape[..Math.Max(shape.Length - 1, 0)];
            var labels = good.Labels is null ? null : Filled(DType.Int64, good.LabelForm == LabelForm.Indices ? samples : shape, 0);
            var predictions = Filled(DType.Float64, shape, 0);
            yield return new($"predictions of {new Shape(shape)}", field, good.Batch() with { Predictions = predictions, Labels = labels });
        }
        if (!good.IsBinary) yield return new("one class", field, OneClass(good));
        foreach (var form in Enum.GetValues<PredictionForm>().Except(good.Loss.Accepts))
            yield return new($"{form} to a loss that takes none", FieldOf(form), good.Batch() with { Form = form });
    }

    private static Batch OneClass(Draft good) => good.Batch() with
    {
        Predictions = Filled(DType.Float64, [Rows, 1], good.Form == PredictionForm.LogProbabilities ? 0 : 1),
        Labels = good.Labels is null ? null
            : good.LabelForm == LabelForm.Indices ? Filled(DType.Int64, [Rows], 0) : Filled(DType.Float64, [Rows, 1], 1),
    };

    private static IEnumerable<HostileBatch> PredictionValues(Draft good)
    {
        var field = FieldOf(good.Form);
        double[] values = good.Form switch
        {
            PredictionForm.Logits => [double.NaN],
            PredictionForm.Probabilities => [.. NonFinite, -0.25, 1.25, -double.Epsilon, Math.BitIncrement(1)],
            _ => [double.NaN, double.PositiveInfinity, 0.25, double.Epsilon],
        };
        foreach (var value in values) yield return new($"a prediction of {value}", field, With(good, prediction: value), 1, 1);
        if (good.IsBinary) yield break;
        double[][] rows = good.Form switch
        {
            PredictionForm.Logits =>
            [
                [.. Enumerable.Repeat(double.NegativeInfinity, Classes)],
                [double.PositiveInfinity, 0, double.PositiveInfinity, 0],
            ],
            PredictionForm.Probabilities => [[0.25, 0.25, 0.25, 0.5], [0.25, 0.25, 0.25, 0.125], [0, 0, 0, 0]],
            _ => [[-1, -1, -1, -1], [-2, -2, -2, -2], [.. Enumerable.Repeat(double.NegativeInfinity, Classes)]],
        };
        foreach (var row in rows)
        {
            double[] predictions = [.. good.Predictions[..Classes], .. row, .. good.Predictions[(2 * Classes)..]];
            yield return new($"a row [{string.Join(", ", row)}]", field, (good with { Predictions = predictions }).Batch(), 1);
        }
    }

    private static IEnumerable<HostileBatch> Weights(Draft good)
    {
        int[] samples = good.IsBinary ? [Rows, Classes] : [Rows];
        int[] second = good.IsBinary ? [0, 1] : [1];
        foreach (var weight in (double[])[.. NonFinite, -1, -double.Epsilon])
        {
            var weights = Filled(DType.Float64, samples, 1);
            weights.Write(1, [weight]);
            yield return new($"a weight of {weight}", "sample_weight", good.Batch() with { SampleWeight = weights }, second);
        }
        foreach (var shape in WrongSamples)
        {
            var weights = Filled(DType.Float64, shape, 1);
            yield return new($"weights of {new Shape(shape)}", "sample_weight", good.Batch() with { SampleWeight = weights });
        }
    }

    private static IEnumerable<HostileBatch> Masks(Draft good)
    {
        int[] samples = good.IsBinary ? [Rows, Classes] : [Rows];
        int[] second = good.IsBinary ? [0, 1] : [1];
        foreach (var dtype in Enum.GetValues<DType>().Where(dtype => dtype.IsFloat()))
            yield return new($"a mask of {dtype}", "mask", good.Batch() with { Mask = Filled(dtype, samples, 1) });
        foreach (var dtype in Enum.GetValues<DType>().Where(dtype => !dtype.IsFloat() && dtype != DType.Bool))
        {
            var mask = Filled(dtype, samples, 1);
            mask.AsBytes()[mask.DType.Size()] = 2;
            yield return new($"a mask of {dtype} with 2", "mask", good.Batch() with { Mask = mask }, second);
        }
        foreach (var shape in WrongSamples)
            yield return new($"a mask of {new Shape(shape)}", "mask", good.Batch() with { Mask = Filled(DType.Bool, shape, 1) });
    }

    private static IEnumerable<HostileBatch> Options(Draft good)
    {
        foreach (var option in good.Loss.Options)
        {
            if ((option.OnlyWith ?? good.Form) != good.Form || !option.GoesWith(good.Target))
            {
                var value = OptionGenerator.Draw(option, Classes, new Random(1));
                yield return new($"{option.Name} with {good.Form} and {good.Target}", option.Name, good.With(option, value).Batch());
                continue;
            }
            foreach (var (what, value) in OptionGenerator.Forbidden(option, Classes))
                yield return new($"{option.Name} {what}", option.Name, good.With(option, value).Batch());
        }
        if (good.Loss.Options.FirstOrDefault(option => option.Name == "top_k") is { } topK)
        {
            yield return new("top_k twice", "top_k", good.With(topK, new long[] { 2, 1, 2 }).Batch(), 2);
            yield return new("top_k beyond the classes", "top_k", good.With(topK, new long[] { 1, Classes + 1 }).Batch(), 1);
            yield return new("top_k beyond an int", "top_k", good.With(topK, new[] { 1, (1L << 32) + 1 }).Batch(), 1);
        }
        // some have the name of an own option
        foreach (var option in LossCatalogue.All.SelectMany(loss => loss.Options).Distinct().Except(good.Loss.Options))
        {
            var value = OptionGenerator.Draw(option, Classes, new Random(1));
            yield return new($"another loss's {option.Name}", option.Name, good.With(option, value).Batch());
        }
    }

    private static IEnumerable<HostileBatch> Header(Draft good)
    {
        yield return new("no outputs", "outputs", good.Batch() with { Outputs = OutputSet.None });
        yield return new("a loss that is not reduced", "outputs",
            good.Batch() with { Reduction = Reduction.None, Outputs = OutputSet.Loss | OutputSet.Losses });
        foreach (var divisor in (double[])[.. NonFinite, 0, -1, double.Epsilon, double.MaxValue])
            yield return new($"a divisor of {divisor}", "divisor", (good with { Divisor = divisor }).Batch());
        yield return new("a divisor of a sum", "divisor", (good with { Reduction = Reduction.Sum }).Batch() with { Divisor = 2 });
        if (good.Labels is null) yield return new("metrics without labels", "outputs", good.Batch() with { Outputs = OutputSet.Metrics });
        if (!good.Loss.HasSecondDerivative)
            yield return new("a Hessian that there is not", "outputs", good.Batch() with { Outputs = OutputSet.Loss | OutputSet.Hessian });
        if (!good.Loss.IsInformation) yield return new("bits of no information", "unit", (good with { Unit = Unit.Bits }).Batch());
    }

    /// <summary>Shapes that fit the samples of neither kind of loss.</summary>
    private static int[][] WrongSamples => [[], [0], [Rows - 1], [Rows + 1], [Rows + 1, Classes], [Classes, Rows], [Rows, Classes, 2]];

    private static Batch Batch(this Draft draft) => draft.ToBatch(draft.AllOutputs);

    /// <summary>The draft's batch with one element of its second row replaced.</summary>
    private static Batch With(Draft good, double? prediction = null, double? label = null)
    {
        double[] predictions = [.. good.Predictions];
        var labels = good.Labels?.ToArray();
        if (prediction is not null) predictions[Classes + 1] = prediction.Value;
        if (label is not null) labels![Classes + 1] = label.Value;
        return (good with { Predictions = predictions, Labels = labels }).Batch();
    }

    private static Tensor Indices(long second)
    {
        var labels = new Tensor(DType.Int64, new Shape(Rows));
        new[] { 0, second, 0 }.CopyTo(labels.AsSpan<long>());
        return labels;
    }

    private static Tensor Filled(DType dtype, int[] shape, double value)
    {
        var axes = new Shape(shape);
        return TestTensor.Filled(dtype, axes, [.. Enumerable.Repeat(value, (int)axes.Count)]);
    }
}
