using CsCheck;
using LossService.Core.Losses;
using LossService.Core.Options;

namespace LossService.Tests.Shared;

/// <summary>
/// Random valid batches for any loss, drawn from nothing but what the loss says of itself: the forms it takes, its rule for
/// labels, its options and their ranges. So every law holds for a new loss on the day that its file appears.
/// </summary>
internal static class BatchGenerator
{
    /// <summary>Batches for CsCheck, which shrinks a failing one's size.</summary>
    public static Gen<Draft> Batches(string loss, BatchSpace? space = null)
    {
        var found = LossCatalogue.Find(loss)!;
        var from = space ?? BatchSpace.Everything;
        return Gen.Select(
            Gen.Int[from.Rows.Min, from.Rows.Max],
            Gen.Int[from.Classes.Min, from.Classes.Max],
            Gen.Int[0, int.MaxValue],
            (rows, classes, seed) => Draw(found, from.OfSize(rows, classes), seed));
    }

    /// <summary>One batch; the same seed draws the same on every machine.</summary>
    public static Draft Draw(Loss loss, BatchSpace space, int seed)
    {
        var random = new Random(seed);
        var (rows, classes) = (random.Next(space.Rows.Min, space.Rows.Max + 1), random.Next(space.Classes.Min, space.Classes.Max + 1));
        // one class is no categorical batch
        if (loss.Kind != LossKind.Binary) classes = Math.Max(classes, 2);
        var form = Any(space.Forms is [] ? loss.Accepts : space.Forms, random);
        var labelForm = Any(space.LabelForms is [] ? LabelFormsOf(loss) : space.LabelForms, random);
        var isBinary = loss.Kind == LossKind.Binary;
        var draft = new Draft
        {
            Loss = loss,
            Form = form,
            DType = Any(space.DTypes, random),
            Rows = rows,
            Classes = classes,
            Predictions = Repeat(rows, () => PredictionsOfRow(form, isBinary, classes, space, random)),
            LabelForm = labelForm,
            Labels = loss.Labels == LabelRule.None ? null
                : Repeat(rows, () => LabelsOfRow(loss, labelForm, classes, space, random)),
            Reduction = Any(space.Reductions, random),
            MeanOver = (MeanOver)random.Next(2),
            Unit = loss.IsInformation ? (Unit)random.Next(2) : Unit.Nats,
        };
        if (draft.Target.IsSparse()) draft = SparseRows.Draw(draft, random);
        if (random.NextDouble() < space.WeightChance)
            draft = draft with { SampleWeight = [.. Enumerable.Range(0, draft.Samples).Select(_ => Weight(random))] };
        if (random.NextDouble() < space.MaskChance)
            draft = draft with { Mask = [.. Enumerable.Range(0, draft.Samples).Select(_ => random.Next(4) != 0)] };
        // the axis of the classes is a draft's own matter, and what is left of sparse rows is drawn with them
        foreach (var option in loss.Options.Where(option => option != SharedOptions.ClassAxis && option != SharedOptions.Remainder))
            if (random.NextDouble() < space.OptionChance && OptionGenerator.GoesWith(option, draft))
                draft = draft.With(option, OptionGenerator.Draw(option, classes, random));
        if (!isBinary && random.NextDouble() < space.ClassAxisChance) draft = draft with { ClassAxis = random.Next(2) };
        return random.NextDouble() < space.DivisorChance ? draft with { Divisor = 0.5 + 8 * random.NextDouble() } : draft;
    }

    /// <summary>
    /// The forms of labels that a loss takes, without a teacher's predictions and sparse rows, which are drawn where they are asked for.
    /// </summary>
    public static IReadOnlyList<LabelForm> LabelFormsOf(Loss loss) =>
        loss.Kind != LossKind.Binary && loss.Labels != LabelRule.None ? [LabelForm.Indices, LabelForm.Dense] : [LabelForm.Dense];

    private static double[] PredictionsOfRow(PredictionForm form, bool isBinary, int classes, BatchSpace space, Random random)
    {
        var scale = Any(space.Scales, random);
        var z = Repeat(classes, () =>
            random.NextDouble() < space.SpecialChance ? Special(random) : scale * (2 * random.NextDouble() - 1));
        if (!isBinary) GiveLimit(z);
        if (form == PredictionForm.Logits) return z;
        if (isBinary) return [.. z.Select(x => 1 / (1 + Math.Exp(-x)))];
        var max = z.Max();
        var e = z.Select(x => double.IsPositiveInfinity(max) ? (x == max ? 1 : 0) : Math.Exp(x - max)).ToArray();
        if (form == PredictionForm.Probabilities) return [.. e.Select(x => x / e.Sum())];
        // of z rather than of e, which may be 0; a rounding must not make a log-probability positive
        return [.. z.Select((x, c) => double.IsPositiveInfinity(max) ? Math.Log(e[c]) : Math.Min(x - max - Math.Log(e.Sum()), 0))];
    }

    private static double Weight(Random random) => random.Next(8) == 0 ? 0 : 3 * random.NextDouble();

    private static double Special(Random random) => random.Next(6) switch
    {
        0 => double.PositiveInfinity,
        1 => double.NegativeInfinity,
        2 => -0.0,
        3 => 4000 * random.NextDouble() - 2000,
        _ => random.Next(-3, 4),
    };

    /// <summary>Softmax has a limit where one logit is above −∞ and at most one is +∞.</summary>
    private static void GiveLimit(double[] z)
    {
        for (var c = Array.IndexOf(z, double.PositiveInfinity) + 1; c > 0 && c < z.Length; c++)
            if (double.IsPositiveInfinity(z[c])) z[c] = 1;
        if (Array.TrueForAll(z, double.IsNegativeInfinity)) Array.Clear(z);
    }

    private static double[] LabelsOfRow(Loss loss, LabelForm form, int classes, BatchSpace space, Random random)
    {
        var (rule, isSoft) = (loss.Labels, space.HasSoftLabels);
        if (form is LabelForm.Values or LabelForm.LogValues) return [];
        if (form == LabelForm.Indices) return [random.Next(classes)];
        if (form == LabelForm.Logits) return PredictionsOfRow(PredictionForm.Logits, rule == LabelRule.Probability, classes, space, random);
        if (form == LabelForm.LogProbabilities)
        {
            if (rule == LabelRule.Probability) return Repeat(classes, () => Math.Log(1 - random.NextDouble()));
            return PredictionsOfRow(PredictionForm.LogProbabilities, isBinary: false, classes, space, random);
        }
        switch (rule)
        {
            case LabelRule.Classes:
                var share = random.NextDouble();
                return Repeat(classes, () => random.NextDouble() < share ? 1 : 0);
            case LabelRule.Relevance:
                var levels = random.Next(1, 9);
                return Repeat(classes, () => levels == 8 ? 4 * random.NextDouble() - 2 : random.Next(levels) - 1);
            case LabelRule.Bit or LabelRule.Probability:
                isSoft &= rule == LabelRule.Probability;
                return Repeat(classes, () => isSoft && random.Next(2) == 0 ? random.NextDouble() : random.Next(2));
            case LabelRule.Distribution when isSoft && random.Next(2) == 0:
                // some classes are not in it at all
                var shares = Repeat(classes, () => random.Next(3) == 0 ? 0 : random.NextDouble());
                shares[random.Next(classes)] += 1;
                return [.. shares.Select(x => x / shares.Sum())];
            default:
                var oneHot = new double[classes];
                oneHot[random.Next(classes)] = 1;
                return oneHot;
        }
    }

    private static T Any<T>(IReadOnlyList<T> values, Random random) => values[random.Next(values.Count)];

    private static double[] Repeat(int count, Func<double> draw) => [.. Enumerable.Range(0, count).Select(_ => draw())];

    private static double[] Repeat(int count, Func<double[]> draw) => [.. Enumerable.Range(0, count).SelectMany(_ => draw())];
}
