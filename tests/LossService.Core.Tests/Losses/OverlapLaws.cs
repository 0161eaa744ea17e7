using CsCheck;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Core.Validation;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Losses;

/// <summary>What holds of every overlap loss: of what its sums are made, and what leaves them alone.</summary>
public sealed class OverlapLaws
{
    private const int Iterations = 60;

    private static readonly BatchSpace Doubles = new() { DTypes = [DType.Float64], Scales = [1, 3] };

    [Theory, MemberData(nameof(LossTheories.Overlap), MemberType = typeof(LossTheories))]
    public void Score_LeftOutElements_AreAsIfRemoved(string loss) => BatchGenerator.Batches(loss).Sample(
        draft =>
        {
            draft = WithoutItems(draft) with { Mask = [.. Enumerable.Range(0, draft.Rows).Select(row => row % 3 != 1)] };
            int[] kept = [.. Enumerable.Range(0, draft.Rows).Where(row => row % 3 != 1)];
            var (all, few) = (draft.Describe(), (draft.Take(kept) with { Mask = null }).Describe());
            AssertNear(few.Losses, all.Losses);
            AssertNear(few.Sums, all.Sums);
            AssertNear(few.Gradient, draft.Pick(all.Gradient, kept)!);
            Assert.Equal(few.Totals.Samples, all.Totals.Samples);
            Assert.All(draft.Pick(all.Gradient, [.. Enumerable.Range(0, draft.Rows).Except(kept)])!, slope => Assert.Equal(0, slope));
        },
        iter: Iterations);

    [Theory, MemberData(nameof(LossTheories.Overlap), MemberType = typeof(LossTheories))]
    public void Score_WeightTwo_IsTheElementTwice(string loss) => BatchGenerator.Batches(loss, Doubles).Sample(
        draft =>
        {
            draft = WithoutItems(draft) with { SampleWeight = null, Mask = null };
            int[] twice = [.. Enumerable.Range(0, draft.Rows), 0];
            var weights = new double[draft.Rows];
            Array.Fill(weights, 1);
            weights[0] = 2;
            var (weighted, repeated) = ((draft with { SampleWeight = weights }).Describe(), draft.Take(twice).Describe());
            AssertNear(repeated.Losses, weighted.Losses);
            AssertNear(repeated.Sums, weighted.Sums);
        },
        iter: Iterations);

    /// <summary>The sums of two parts add up, and the losses follow from the sums.</summary>
    [Theory, MemberData(nameof(LossTheories.Overlap), MemberType = typeof(LossTheories))]
    public void Score_PartsOfABatch_AddUp(string loss) => BatchGenerator.Batches(loss, Doubles with { Rows = (2, 9) }).Sample(
        draft =>
        {
            draft = WithoutItems(draft) with { Reduction = Reduction.None };
            int[] rows = [.. Enumerable.Range(0, draft.Rows)];
            var whole = draft.Describe();
            var (first, second) = (draft.Take(rows[..(draft.Rows / 2)]).Describe(), draft.Take(rows[(draft.Rows / 2)..]).Describe());
            AssertNear(whole.Sums, [.. first.Sums.Zip(second.Sums, (a, b) => a + b)]);
            for (var c = 0; c < draft.Classes; c++)
            {
                var weight = (draft.ValueOf("class_weight") as double[])?[c] ?? 1;
                if (whole.Totals.Samples > 0) Assert.Equal(weight * Expect(draft, whole.Sums[(3 * c)..]), whole.Losses[c], 1e-14);
            }
        },
        iter: Iterations);

    [Theory, MemberData(nameof(LossTheories.Overlap), MemberType = typeof(LossTheories))]
    public void Score_PerItem_IsEachItemAsABatch(string loss) => BatchGenerator.Batches(loss, Doubles with { Rows = (6, 6) }).Sample(
        draft =>
        {
            draft = draft with { ClassAxis = 1, Reduction = Reduction.Sum, Options = draft.Options };
            draft = draft.With("per", "item");
            var items = draft.Layout.Samples.Axes[0];
            var whole = draft.Describe();
            for (var item = 0; item < items; item++)
            {
                int[] rows = [.. Enumerable.Range(item * 6 / items, 6 / items)];
                var alone = (draft.Take(rows) with { ClassAxis = 0 }).With("per", "batch").Describe();
                Assert.Equal(alone.Losses, whole.Losses[(item * draft.Classes)..((item + 1) * draft.Classes)]);
                Assert.Equal(alone.Sums, whole.Sums[(3 * item * draft.Classes)..(3 * (item + 1) * draft.Classes)]);
                Assert.Equal(alone.Gradient, draft.Pick(whole.Gradient, rows));
            }
        },
        iter: Iterations);

    [Theory, MemberData(nameof(LossTheories.Overlap), MemberType = typeof(LossTheories))]
    public void Score_IndicesOrOneHot_SameBits(string loss) => BatchGenerator.Batches(loss, new()
    {
        LabelForms = [LabelForm.Indices],
    }).Sample(
        draft =>
        {
            draft = draft.Without("ignore_index");
            AssertOneHotHasTheSameBits(draft);
        },
        iter: Iterations);

    /// <remarks>Items of one row each are so many that a sum with other digits would show.</remarks>
    [Theory, MemberData(nameof(LossTheories.Overlap), MemberType = typeof(LossTheories))]
    public void Score_SmallItemsOfIndicesOrOneHot_SameBits(string loss)
    {
        var space = Doubles with { LabelForms = [LabelForm.Indices], Forms = [PredictionForm.Logits], OptionChance = 0, MaskChance = 0 };
        foreach (var link in (string[])["softmax", "sigmoid"])
        {
            var draft = BatchGenerator.Draw(LossCatalogue.Find(loss)!, space.OfSize(20_000, 5), 1);
            AssertOneHotHasTheSameBits(draft.With("per", "item").With("link", link));
        }
    }

    [Theory, MemberData(nameof(LossTheories.Overlap), MemberType = typeof(LossTheories))]
    public void Score_ClassesOnAnyAxis_SameBits(string loss)
    {
        foreach (var (rows, classes) in new[] { (12, 5), (9000, 5), (6001, 12) })
        {
            for (var seed = 0; seed < 6; seed++)
            {
                var draft = WithoutItems(BatchGenerator.Draw(LossCatalogue.Find(loss)!, new BatchSpace().OfSize(rows, classes), seed));
                var last = (draft with { ClassAxis = null }).Describe();
                foreach (var axis in (int[])[0, 1])
                {
                    var other = (draft with { ClassAxis = axis }).Describe();
                    Assert.Equal((last.Loss, last.Totals), (other.Loss, other.Totals));
                    Assert.Equal(last.Elements, other.Elements);
                    Assert.Equal(last.Sums, other.Sums);
                }
            }
        }
    }

    [Theory, MemberData(nameof(LossTheories.Overlap), MemberType = typeof(LossTheories))]
    public void Gradient_OfAnyBatch_IsTheDifferenceQuotient(string loss) => BatchGenerator.Batches(loss, Doubles with
    {
        Reductions = [Reduction.Mean, Reduction.Sum],
        Rows = (2, 5),
        Classes = (2, 4),
    }).Sample(
        draft =>
        {
            // a clipped probability has no quotient
            draft = draft.Without("clip");
            const double Step = 1e-6;
            var scored = draft.Score();
            if (scored.Loss is null) return;
            for (var i = 0; i < draft.Predictions.Length; i++)
            {
                if (draft.Form == PredictionForm.Probabilities && draft.Predictions[i] is < Step or > 1 - Step) continue;
                var (up, down) = (Moved(i, Step).Score().Loss!.Value, Moved(i, -Step).Score().Loss!.Value);
                var scale = draft.Predictions.Max(Math.Abs) + 1;
                Assert.Equal((up - down) / (2 * Step), scored.Gradient[i], 1e-5 * scale * Math.Max(1, Math.Abs(scored.Gradient[i])));
            }

            Draft Moved(int i, double by)
            {
                var moved = draft.Predictions.ToArray();
                moved[i] += by;
                return draft with { Predictions = moved };
            }
        },
        iter: Iterations);

    /// <summary>Of predictions of 0 and 1: Dice is F1, Jaccard the intersection over union.</summary>
    [Fact]
    public void Score_HardPredictions_CountsElements()
    {
        // two true positives, one false positive, three false negatives
        double[] predicted = [1, 1, 1, 0, 0, 0, 0], labels = [1, 1, 0, 1, 1, 1, 0];
        Assert.Equal(1 - (4.0 / 8), Of("dice").Score().Loss!.Value, 1e-15);
        Assert.Equal(1 - (2.0 / 6), Of("jaccard").Score().Loss!.Value, 1e-15);
        Assert.Equal(1 - (2.0 / (2 + 0.25 + 3)), Of("tversky").With("alpha", 0.25).With("beta", 1.0).Score().Loss!.Value, 1e-15);
        Assert.Equal([2.0, 1, 3], Of("dice").Describe().Sums);

        Draft Of(string loss) => new()
        {
            Loss = LossCatalogue.Find(loss)!,
            Form = PredictionForm.Probabilities,
            Rows = 7,
            Classes = 1,
            Predictions = predicted,
            Labels = labels,
        };
    }

    [Fact]
    public void Score_ThreeLosses_AreOneFamily() => BatchGenerator.Batches("dice", Doubles).Sample(
        draft =>
        {
            draft = draft.Without("smooth");
            var (dice, jaccard) = (draft.With("smooth", 0.5).Score(), As("jaccard").With("smooth", 0.5).Score());
            AssertNear(dice.Losses, As("tversky").With("smooth", 0.25).Score().Losses);
            AssertNear(jaccard.Losses, As("tversky").With("smooth", 0.5).With("alpha", 1.0).With("beta", 1.0).Score().Losses);

            Draft As(string name)
            {
                var other = LossCatalogue.Find(name)!;
                return draft with { Loss = other };
            }
        },
        iter: Iterations);

    [Fact]
    public void Score_ClassThatIsNowhere_AgreesWithItself()
    {
        var draft = new Draft
        {
            Loss = LossCatalogue.Find("dice")!,
            Form = PredictionForm.Probabilities,
            Rows = 2,
            Classes = 2,
            Predictions = [1, 0, 1, 0],
            LabelForm = LabelForm.Indices,
            Labels = [0, 0],
        };
        var scored = draft.Score();
        Assert.Equal([0.0, 0], scored.Losses);
        Assert.All(scored.Gradient, slope => Assert.True(double.IsFinite(slope)));
    }

    [Fact]
    public void Score_WhatAnOverlapLacks_IsRefused()
    {
        var draft = new Draft
        {
            Loss = LossCatalogue.Find("dice")!,
            Rows = 2,
            Classes = 2,
            Predictions = [1, 0, 1, 0],
            LabelForm = LabelForm.Indices,
            Labels = [0, 1],
        };
        Assert.StartsWith("outputs: dice has no output entropy; it has loss, losses, gradient, probabilities, sums",
            Refuse(draft, OutputSet.Entropy), StringComparison.Ordinal);
        Assert.StartsWith("sample_weight[1]: dice divides by weighted sums, so no weight may be negative, got -1",
            Refuse(draft with { SampleWeight = [1, -1] }, OutputSet.Loss), StringComparison.Ordinal);
        Assert.Contains("link sigmoid takes one", Refuse(draft with { Rows = 2, Classes = 1, Predictions = [1, 0], Labels = [0, 0] },
            OutputSet.Loss), StringComparison.Ordinal);
    }

    private static void AssertOneHotHasTheSameBits(Draft draft)
    {
        var dense = draft with
        {
            LabelForm = LabelForm.Dense,
            Labels = [.. draft.Labels!.SelectMany(y => Enumerable.Range(0, draft.Classes).Select(c => c == y ? 1.0 : 0))],
        };
        var (one, other) = (draft.Describe(), dense.Describe());
        Assert.Equal(one.Elements, other.Elements);
        Assert.Equal(one.Sums, other.Sums);
    }

    private static string Refuse(Draft draft, OutputSet outputs)
    {
        using var batch = draft.ToBatch(outputs);
        var problems = new BatchProblems();
        using var scores = Scorer.TryScore(draft.Loss, batch, problems, TestContext.Current.CancellationToken);
        Assert.Null(scores);
        return problems.First[0].ToString();
    }

    private static Draft WithoutItems(Draft draft) => draft.Without("per") with { ClassAxis = null };

    private static double Expect(Draft draft, double[] sums)
    {
        var smooth = draft.ValueOf("smooth") as double? ?? 0;
        var (alpha, beta) = draft.Loss.Name == "jaccard" ? (1, 1)
            : (draft.ValueOf("alpha") as double? ?? 0.5, draft.ValueOf("beta") as double? ?? 0.5);
        if (draft.Loss.Name == "dice") smooth /= 2;
        var missed = (alpha * sums[1]) + (beta * sums[2]);
        var whole = sums[0] + smooth + missed;
        return whole == 0 ? 0 : Math.Pow(missed / whole, draft.ValueOf("gamma") as double? ?? 1);
    }

    /// <summary>Sums in another order differ in their last bit at most.</summary>
    private static void AssertNear(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        foreach (var (one, other) in expected.Zip(actual)) Assert.Equal(one, other, Math.Max(1e-6 * Math.Abs(one), 1e-300));
    }
}
