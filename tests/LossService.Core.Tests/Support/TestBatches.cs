using CsCheck;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Core.Tests.Support;

/// <summary>
/// Random valid batches for any loss, drawn from nothing but what the loss says of itself: the forms it accepts, its rule for
/// labels, its options and their ranges. So every law holds a new loss to account on the day its file appears.
/// </summary>
internal static class TestBatches
{
    public static TheoryData<string> All => [.. LossCatalogue.All.Select(loss => loss.Name)];

    public static TheoryData<string> Labelled => Where(loss => loss.Labels != LabelRule.None);

    public static TheoryData<string> Categorical => Where(loss => loss.Kind == LossKind.Categorical);

    public static TheoryData<string> LabelledCategorical =>
        Where(loss => loss.Kind == LossKind.Categorical && loss.Labels != LabelRule.None);

    private static TheoryData<string> Where(Func<Loss, bool> isMeant) =>
        [.. LossCatalogue.All.Where(isMeant).Select(loss => loss.Name)];

    /// <summary>Batches of up to 9 rows and 19 classes, some of them weighted, masked, and with any of the loss's options.</summary>
    public static Gen<Draft> Of(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        return Gen.Select(
            Gen.OneOf([.. loss.Accepts]),
            Gen.OneOf(DType.Float32, DType.Float64),
            Gen.Int[1, 9],
            Gen.Int[1, 19],
            Gen.OneOf(1e-3, 1.0, 30.0, 700.0),
            Gen.Int[0, int.MaxValue],
            (form, dtype, rows, classes, scale, seed) => Draw(loss, form, dtype, rows, classes, scale, new Random(seed)));
    }

    public static Draft Draw(Loss loss, PredictionForm form, DType dtype, int rows, int classes, double scale, Random random)
    {
        var isBinary = loss.Kind == LossKind.Binary;
        var samples = isBinary ? rows * classes : rows;
        var hasIndices = !isBinary && loss.Labels != LabelRule.None && random.Next(2) == 0;
        double[] Dense() => [.. Enumerable.Range(0, rows).SelectMany(_ => Label(loss.Labels, classes, random))];
        var draft = new Draft
        {
            Loss = loss,
            Form = form,
            DType = dtype,
            Rows = rows,
            Classes = classes,
            Predictions = [.. Enumerable.Range(0, rows).SelectMany(_ => Predictions(form, isBinary, classes, scale, random))],
            HasIndices = hasIndices,
            Labels = loss.Labels == LabelRule.None ? null
                : hasIndices ? [.. Enumerable.Range(0, rows).Select(_ => (double)random.Next(classes))] : Dense(),
            SampleWeight = random.Next(2) == 0 ? null : [.. Enumerable.Range(0, samples).Select(_ => random.NextDouble() * 3)],
            Mask = random.Next(2) == 0 ? null : [.. Enumerable.Range(0, samples).Select(_ => random.Next(4) != 0)],
            Reduction = (Reduction)random.Next(3),
            MeanOver = (MeanOver)random.Next(2),
            Unit = loss.IsInformation ? (Unit)random.Next(2) : Unit.Nats,
        };
        foreach (var option in loss.Options)
            if (random.Next(3) == 0 && (option.OnlyWith ?? form) == form)
                draft = draft.With(option, Value(option, classes, random));
        return draft;
    }

    private static double[] Predictions(PredictionForm form, bool isBinary, int classes, double scale, Random random)
    {
        double[] z = [.. Enumerable.Range(0, classes).Select(_ => (2 * random.NextDouble() - 1) * scale)];
        if (form == PredictionForm.Logits) return z;
        if (isBinary) return [.. z.Select(x => 1 / (1 + Math.Exp(-x)))];
        var logSumExp = z.Max() + Math.Log(z.Sum(x => Math.Exp(x - z.Max())));
        // a rounding must not make a log-probability positive
        return [.. z.Select(x => Math.Min(x - logSumExp, 0)).Select(x => form == PredictionForm.Probabilities ? Math.Exp(x) : x)];
    }

    private static double[] Label(LabelRule rule, int classes, Random random)
    {
        switch (rule)
        {
            case LabelRule.Bit:
                return [.. Enumerable.Range(0, classes).Select(_ => (double)random.Next(2))];
            case LabelRule.Probability:
                return [.. Enumerable.Range(0, classes).Select(_ => random.Next(2) == 0 ? random.Next(2) : random.NextDouble())];
            case LabelRule.Distribution when random.Next(2) == 0:
                // some classes are not in it at all
                double[] share = [.. Enumerable.Range(0, classes).Select(_ => random.Next(3) == 0 ? 0 : random.NextDouble())];
                share[random.Next(classes)] += 1;
                return [.. share.Select(x => x / share.Sum())];
            default:
                var oneHot = new double[classes];
                oneHot[random.Next(classes)] = 1;
                return oneHot;
        }
    }

    /// <summary>A value of an option, from what it says of itself.</summary>
    private static object? Value(Option option, int classes, Random random)
    {
        double Number() => double.IsInfinity(option.Maximum)
            ? Math.Max(option.Minimum, 0) + 0.125 + 3 * random.NextDouble()
            : option.Minimum + (option.Maximum - option.Minimum) * (0.0625 + 0.875 * random.NextDouble());
        if (option.Nullable && random.Next(2) == 0) return null;
        return option.Form switch
        {
            OptionForm.Number => Number(),
            OptionForm.Integer => random.Next((int)option.Minimum, (int)Math.Min(option.Maximum, 20) + 1),
            OptionForm.Integers => new long[] { random.Next(classes) + (long)Math.Max(option.Minimum, 0) },
            OptionForm.Choice => option.Choices[random.Next(option.Choices.Count)],
            OptionForm.NumberOrPerClass when random.Next(2) == 0 => new[] { Number() },
            _ => Enumerable.Range(0, classes).Select(_ => Number()).ToArray(),
        };
    }
}
