using CsCheck;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Losses;

/// <summary>What holds of every loss because a sample's result depends on that sample alone, and sums are exact.</summary>
public sealed class BatchLaws
{
    private const int Iterations = 60;

    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Score_RowsReordered_ReordersResultsAndKeepsTotals(string loss) => BatchGenerator.Batches(loss).Sample(
        draft =>
        {
            int[] order = [.. Enumerable.Range(0, draft.Rows).OrderBy(row => (row * 5 + 3) % 7).ThenByDescending(row => row)];
            var (before, after) = (draft.Describe(), draft.Take(order).Describe());
            Assert.Equal(before.Loss, after.Loss);
            Assert.Equal(before.Totals, after.Totals);
            Assert.Equal(draft.Pick(before.Losses, order), after.Losses);
            Assert.Equal(draft.Pick(before.Gradient, order), after.Gradient);
            Assert.Equal(draft.Pick(before.Hessian, order), after.Hessian);
            Assert.Equal(draft.Pick(before.Probabilities, order), after.Probabilities);
            Assert.Equal(draft.Pick(before.Entropy, order), after.Entropy);
            Assert.Equal(before.Metrics?.Perplexity, after.Metrics?.Perplexity);
            Assert.Equal(before.Metrics?.ExpectedCalibrationError, after.Metrics?.ExpectedCalibrationError);
        },
        iter: Iterations);

    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Score_RowAlone_SameBitsAsInBatch(string loss) => BatchGenerator.Batches(loss).Sample(
        LabelLaws.AssertRowsAreIndependent, iter: Iterations);

    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Score_OutputsLeftOut_ChangesNoOther(string loss) => BatchGenerator.Batches(loss).Sample(
        draft =>
        {
            var (all, few) = (draft.Describe(), draft.Score());
            Assert.Equal(all.Loss, few.Loss);
            Assert.Equal(all.Totals, few.Totals);
            Assert.Equal(all.Losses, few.Losses);
            Assert.Equal(all.Gradient, few.Gradient);
            Assert.Empty(few.Probabilities);
            Assert.Null(few.Metrics);
        },
        iter: Iterations);

    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Score_RowsMasked_SameBitsAsSubset(string loss) => BatchGenerator.Batches(loss).Sample(
        draft =>
        {
            draft = draft with { Mask = null };
            int[] kept = [.. Enumerable.Range(0, draft.Rows).Where(row => row % 3 != 1)];
            int[] dropped = [.. Enumerable.Range(0, draft.Rows).Except(kept)];
            var perRow = draft.Samples / draft.Rows;
            var masked = Spoiled(draft, dropped) with
            {
                Mask = [.. Enumerable.Range(0, draft.Samples).Select(sample => kept.Contains(sample / perRow))],
            };

            var (subset, whole) = (draft.Take(kept).Describe(), masked.Describe());

            Assert.Equal(subset.Loss, whole.Loss);
            Assert.Equal(subset.Totals, whole.Totals);
            Assert.Equal(subset.Losses, draft.Pick(whole.Losses, kept));
            Assert.Equal(subset.Gradient, draft.Pick(whole.Gradient, kept));
            Assert.Equal(subset.Hessian, draft.Pick(whole.Hessian, kept));
            Assert.Equal(subset.Metrics?.Accuracy, whole.Metrics?.Accuracy);
            Assert.All(draft.Pick(whole.Losses, dropped)!, value => Assert.Equal(0, value));
            Assert.All(draft.Pick(whole.Gradient, dropped)!, value => Assert.Equal(0, value));
            Assert.All(draft.Pick(whole.Hessian, dropped)!, value => Assert.Equal(0, value));
            Assert.All(draft.Pick(whole.Predictions, dropped)!, value => Assert.Equal(-1, value));
            foreach (var output in (double[][])[whole.Probabilities, whole.LogProbabilities, whole.Entropy])
                Assert.All(draft.Pick(output, dropped)!, value => Assert.Equal(double.NaN, value));
        },
        iter: Iterations);

    [Theory]
    [MemberData(nameof(LossTheories.Labelled), MemberType = typeof(LossTheories))]
    public void Score_LabelsIgnoredWherePredictionsAreNaN_SameBitsAsMasked(string loss) => BatchGenerator.Batches(loss).Sample(
        draft =>
        {
            const int Ignored = -100;
            if (!draft.IsBinary && draft.LabelForm != LabelForm.Indices) return;
            var perRow = draft.Samples / draft.Rows;
            int[] dropped = [.. Enumerable.Range(0, draft.Rows).Where(row => row % 2 == 1)];
            draft = draft with { Mask = null };
            var masked = draft.Without("ignore_index") with
            {
                Mask = [.. Enumerable.Range(0, draft.Samples).Select(sample => !dropped.Contains(sample / perRow))],
            };
            var spoiled = Spoiled(draft, dropped);
            var each = draft.Labels!.Length / draft.Rows;
            var ignored = spoiled.With("ignore_index", new long[] { 7777, Ignored }) with
            {
                Labels = [.. spoiled.Labels!.Select((label, i) => dropped.Contains(i / each) ? Ignored : label)],
            };

            var (byMask, byLabel) = (masked.Describe(), ignored.Describe());

            Assert.Equal(byMask.Totals, byLabel.Totals);
            Assert.Equal(byMask.Elements, byLabel.Elements);
        },
        iter: Iterations);

    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Totals_OfTwoHalves_AddUpToThoseOfTheWhole(string loss) => BatchGenerator.Batches(loss, new() { Rows = (2, 9) }).Sample(
        draft =>
        {
            int[] rows = [.. Enumerable.Range(0, draft.Rows)];
            var whole = draft.Score().Totals;
            var first = draft.Take(rows[..(draft.Rows / 2)]).Score().Totals;
            var second = draft.Take(rows[(draft.Rows / 2)..]).Score().Totals;
            Assert.Equal(whole.Samples, first.Samples + second.Samples);
            AssertClose(whole.Weight, first.Weight + second.Weight, first.Weight + second.Weight);
            AssertClose(whole.Loss, first.Loss + second.Loss, Math.Abs(first.Loss) + Math.Abs(second.Loss));
        },
        iter: Iterations);

    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Loss_EveryReduction_IsTheTotalsDivided(string loss) => BatchGenerator.Batches(loss).Sample(
        draft =>
        {
            Scored Reduced(Reduction reduction, MeanOver over, double? divisor = null) =>
                (draft with { Reduction = reduction, MeanOver = over, Divisor = divisor, DType = DType.Float64 }).Score();
            var sum = Reduced(Reduction.Sum, MeanOver.Weight);
            var totals = sum.Totals;
            Assert.Equal(totals.Weight, WeightOf(draft), 1e-13 * totals.Weight);
            // the losses were rounded one by one
            AssertClose(totals.Loss, sum.Losses.Sum(), 100 * sum.Losses.Sum(Math.Abs));
            Assert.Equal(totals.Loss, sum.Loss);
            Assert.Equal(sum.Gradient, Reduced(Reduction.None, MeanOver.Weight).Gradient);
            AssertMean(totals.Weight, Reduced(Reduction.Mean, MeanOver.Weight));
            AssertMean(totals.Samples, Reduced(Reduction.Mean, MeanOver.Samples));
            AssertMean(7.5, Reduced(Reduction.Mean, MeanOver.Weight, 7.5));

            void AssertMean(double divisor, Scored mean)
            {
                Assert.Equal(divisor == 0 ? null : totals.Loss / divisor, mean.Loss);
                if (divisor == 0) Assert.All(mean.Gradient, derivative => Assert.Equal(0, derivative));
                else
                {
                    Assert.All(sum.Gradient.Zip(mean.Gradient), pair =>
                    {
                        // a sum may be beyond the range, and its mean inside
                        if (double.IsInfinity(pair.First)) Assert.Equal(pair.First, pair.Second * divisor * (1 + 1e-9));
                        // a subnormal number has fewer digits
                        else AssertClose(pair.First / divisor, pair.Second, Math.Abs(pair.First / divisor) + 1e-290);
                    });
                }
            }
        },
        iter: Iterations);

    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Score_Float32_IsFloat64RoundedOrItsNeighbour(string loss) => BatchGenerator.Batches(loss).Sample(
        draft =>
        {
            // probabilities of float32 sum to 1 less exactly than those of float64 must
            var narrow = draft with { DType = DType.Float32, IsUnchecked = true };
            double[]? Held(double[]? values) => values?.Select(value => (double)(float)value).ToArray();
            var wide = narrow with
            {
                DType = DType.Float64,
                Predictions = Held(draft.Predictions)!,
                Labels = Held(draft.Labels),
                SampleWeight = Held(draft.SampleWeight),
            };
            var (float32, float64) = (narrow.Describe(), wide.Describe());
            Assert.Equal(float64.Totals with { Loss = 0 }, float32.Totals with { Loss = 0 });
            AssertClose(float64.Totals.Loss, float32.Totals.Loss, float64.Losses.Sum(Math.Abs));
            Assert.All(float64.Elements.Zip(float32.Elements), pair => AssertNeighbours((float)pair.First, (float)pair.Second));
        },
        iter: Iterations);

    private static void AssertNeighbours(float expected, float actual)
    {
        if (expected != actual && actual != MathF.BitIncrement(expected) && actual != MathF.BitDecrement(expected))
            Assert.Equal(expected, actual);
    }

    /// <summary>Rows that nothing may read: no number anywhere, and labels that are no class.</summary>
    private static Draft Spoiled(Draft draft, int[] rows)
    {
        double[]? Spoil(double[]? values, double with) => values?
            .Select((value, i) => rows.Contains(i / (values.Length / draft.Rows)) ? with : value).ToArray();
        return draft with
        {
            Predictions = Spoil(draft.Predictions, double.NaN)!,
            Labels = Spoil(draft.Labels, draft.LabelForm == LabelForm.Indices ? 1e9 : double.NaN),
            SampleWeight = Spoil(draft.SampleWeight, double.NaN),
        };
    }

    /// <summary>Σ of sample weight × Σ_c class_weight_c·y_c over what is neither masked nor ignored.</summary>
    private static double WeightOf(Draft draft)
    {
        var classWeight = draft.ValueOf("class_weight") as double[];
        var sum = 0.0;
        for (var i = 0; i < draft.Samples; i++)
        {
            if (!draft.IsKept(i)) continue;
            var weight = classWeight is null ? 1
                : draft.IsBinary ? classWeight[i % draft.Classes]
                : draft.LabelForm == LabelForm.Indices ? classWeight[(int)draft.Labels![i]]
                : MeanOf(classWeight, draft.Pick(draft.Labels, i)!);
            sum += weight * (draft.SampleWeight?[i] ?? 1);
        }
        return sum;
    }

    /// <summary>The mean of the weights of the true classes, or of all where none is true.</summary>
    private static double MeanOf(double[] weights, double[] label) =>
        label.Sum() == 0 ? weights.Average() : weights.Zip(label, (weight, y) => weight * y).Sum() / label.Sum();

    private static void AssertClose(double expected, double actual, double size)
    {
        if (double.IsInfinity(expected)) Assert.Equal(expected, actual);
        else Assert.Equal(expected, actual, 1e-15 * size);
    }
}
