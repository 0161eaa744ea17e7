using CsCheck;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Losses;

/// <summary>What weights do to a loss: a sample that weighs w counts w times, also where the weights are negative or add up to 0.</summary>
public sealed class WeightLaws
{
    private const int Iterations = 60;

    /// <summary>Weights 1 and −1 alternate, so they add up to 0, or to 1.</summary>
    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Score_WeightsThatCancel_WeighEverySample(string loss) => BatchGenerator.Batches(loss, Finite).Sample(
        draft =>
        {
            double[] signs = [.. Enumerable.Range(0, draft.Samples).Select(sample => sample % 2 == 0 ? 1.0 : -1)];
            foreach (var (reduction, over) in ((Reduction, MeanOver)[])
                [(Reduction.Sum, MeanOver.Weight), (Reduction.None, MeanOver.Weight), (Reduction.Mean, MeanOver.Samples)])
            {
                var plain = draft with { SampleWeight = null, Reduction = reduction, MeanOver = over };
                var (expected, actual) = (plain.Score(), (plain with { SampleWeight = signs }).Score());
                double[] losses = [.. expected.Losses.Select((value, sample) => value * signs[sample])];
                Assert.Equal(losses, actual.Losses);
                Assert.Equal(expected.Gradient.Select((g, i) => g * signs[i / draft.Width]), actual.Gradient);
                Assert.Equal(expected.Loss is null, actual.Loss is null);
                if (reduction == Reduction.Sum) Assert.Equal(losses.Sum(), actual.Loss!.Value, 1e-13 * losses.Sum(Math.Abs));
            }
        },
        iter: Iterations);

    /// <summary>With one divisor, two micro-batches have the gradients of their union, and losses that add up to its loss.</summary>
    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Mean_OverADivisor_AddsUpInMicroBatches(string loss) => BatchGenerator.Batches(loss, Finite with { Rows = (2, 9) }).Sample(
        draft =>
        {
            draft = draft with { Reduction = Reduction.Mean, Divisor = 12 };
            var (whole, sum) = (draft.Score(), (draft with { Reduction = Reduction.Sum }).Score());
            var first = draft.Take([.. Enumerable.Range(0, draft.Rows / 2)]).Score();
            var second = draft.Take([.. Enumerable.Range(draft.Rows / 2, draft.Rows - draft.Rows / 2)]).Score();
            Assert.Equal(sum.Loss / 12, whole.Loss);
            Assert.Equal(whole.Gradient, first.Gradient.Concat(second.Gradient));
            Assert.Equal(whole.Loss!.Value, first.Loss!.Value + second.Loss!.Value, 1e-15 * whole.Losses.Sum(Math.Abs));
        },
        iter: Iterations);

    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Mean_OverADivisorOfNothing_IsZero(string loss)
    {
        var draft = BatchGenerator.Draw(LossCatalogue.Find(loss)!, Finite, 3) with { Reduction = Reduction.Mean, Divisor = 12 };
        var masked = (draft with { Mask = new bool[draft.Samples] }).Score();
        Assert.Equal(0, masked.Loss);
        Assert.All(masked.Gradient, derivative => Assert.Equal(0, derivative));
    }

    /// <summary>A class weight of a binary loss is the weight of each of its elements, but for the metrics.</summary>
    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void ClassWeight_OfABinaryLoss_IsTheWeightOfItsElements(string loss) => BatchGenerator.Batches(loss, Finite).Sample(
        draft =>
        {
            if (!draft.IsBinary) return;
            double[] weights = [.. Enumerable.Range(0, draft.Classes).Select(c => 0.5 + c % 3)];
            draft = draft.Without("class_weight") with { SampleWeight = null };
            double[] each = [.. Enumerable.Range(0, draft.Samples).Select(sample => weights[sample % draft.Classes])];
            var (expected, actual) = ((draft with { SampleWeight = each }).Score(), draft.With("class_weight", weights).Score());
            Assert.Equal(expected.Totals, actual.Totals);
            Assert.Equal(expected.Loss, actual.Loss);
            Assert.Equal(expected.Losses, actual.Losses);
            Assert.Equal(expected.Gradient, actual.Gradient);
            Assert.Equal(draft.Describe().Metrics?.Accuracy, draft.With("class_weight", weights).Describe().Metrics?.Accuracy);
        },
        iter: Iterations);

    /// <summary>Logits that hold the bias themselves, of numbers whose sums are exact.</summary>
    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void LogitBias_OfAnyLoss_IsAddedToTheLogits(string loss) => BatchGenerator.Batches(loss, Finite).Sample(
        draft =>
        {
            if (draft.Form != PredictionForm.Logits || draft.Loss.FindOption("logit_bias") is null) return;
            double[] bias = [.. Enumerable.Range(0, draft.Classes).Select(c => c % 5 - 2.25)];
            draft = draft.Without("logit_bias", "temperature") with
            {
                Predictions = [.. draft.Predictions.Select(x => Math.Round(x * 1024) / 1024)],
                IsExact = true,
            };
            var added = draft with { Predictions = [.. draft.Predictions.Select((x, i) => x + bias[i % draft.Classes])] };
            var (expected, actual) = (added.Describe(), draft.With("logit_bias", bias).Describe());
            Assert.All(expected.Elements.Zip(actual.Elements), pair => Assert.True(
                pair.First.Equals(pair.Second) || Math.Abs(pair.First - pair.Second) <= 1e-14 * Math.Abs(pair.First) + 1e-300,
                $"{pair.First} and {pair.Second}"));
            Assert.Equal(expected.Predictions, actual.Predictions);
            Assert.Equal(expected.Metrics?.Accuracy, actual.Metrics?.Accuracy);
        },
        iter: Iterations);

    [Fact]
    public void CrossEntropy_WeightsThatCancel_SumTheSignedLosses()
    {
        var scored = (Of([2, 1, 1, 3], [0, 0]) with { SampleWeight = [1, -1], Reduction = Reduction.Sum }).Score();
        Assert.Equal(-1.8136663235247497, scored.Loss!.Value, 1e-15);
        Assert.Equal([0.31326168751822286, -2.1269280110429727], scored.Losses);
        double[] gradient = [-0.26894142136999512, 0.26894142136999512, 0.88079707797788243, -0.88079707797788243];
        Assert.All(gradient.Zip(scored.Gradient), pair => Assert.Equal(pair.First, pair.Second, 1e-15));
    }

    [Fact]
    public void CrossEntropy_ClassWeightZeroAtTheLabels_KeepsTheSmoothedTerms()
    {
        var draft = Of([2, 1, 0, 3], [0, 0]).With("class_weight", new double[] { 0, 1 }).With("label_smoothing", 0.1);
        var sum = (draft with { Reduction = Reduction.Sum }).Score();
        // log_softmax of class 1 is −1.3132616875182228 and −0.04858735157374206; each costs 0.05 of it
        Assert.Equal(0.05 * (1.3132616875182228 + 0.04858735157374206), sum.Loss!.Value, 1e-16);
        Assert.Equal(0.06809245195459825, sum.Loss!.Value, 1e-16);
        Assert.Contains(sum.Gradient, derivative => derivative != 0);
        var samples = (draft with { Reduction = Reduction.Mean, MeanOver = MeanOver.Samples }).Score();
        Assert.Equal(sum.Loss / 2, samples.Loss);
        var weight = (draft with { Reduction = Reduction.Mean }).Score();
        Assert.Null(weight.Loss);
        Assert.Equal(sum.Losses, weight.Losses);
        Assert.All(weight.Gradient, derivative => Assert.Equal(0, derivative));
    }

    /// <summary>Labels of rounded sums, as float32 and text make them; each row's sum is another.</summary>
    [Theory]
    [MemberData(nameof(LossTheories.LabelledCategorical), MemberType = typeof(LossTheories))]
    public void Mean_UniformClassWeight_IsTheIdentity(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        if (loss.Labels is LabelRule.Class or LabelRule.Classes or LabelRule.Relevance) return;
        foreach (var weight in (double[])[0.001, 0.3, 1, 10])
        {
            BatchGenerator.Batches(name, Finite with { DTypes = [DType.Float32], LabelForms = [LabelForm.Dense] }).Sample(
                draft =>
                {
                    double[] labels = [.. draft.Labels!.Select((y, i) => y * (1 - i / draft.Classes * 1e-6))];
                    draft = draft.Without("class_weight") with { Reduction = Reduction.Mean, Divisor = null, Labels = labels };
                    var weighted = draft.With("class_weight", Enumerable.Repeat(weight, draft.Classes).ToArray());
                    var (expected, actual) = (draft.Score(), weighted.Score());
                    if (expected.Loss is null) Assert.Null(actual.Loss);
                    else Assert.Equal(expected.Loss.Value, actual.Loss!.Value / (draft.MeanOver == MeanOver.Weight ? 1 : weight),
                        1e-14 * Math.Abs(expected.Loss.Value));
                },
                iter: Iterations);
        }
    }

    [Fact]
    public void PolyCrossEntropy_LabelsOfARoundedSum_IsItsFormula()
    {
        const double Label = 0.33333;
        var draft = new Draft
        {
            Loss = LossCatalogue.Find("poly_cross_entropy")!,
            Classes = 3,
            Predictions = [0, 0, 0],
            Labels = [Label, Label, Label],
            LabelDType = DType.Float32,
        };
        var expected = 3.0 * (float)Label * (Math.Log(3) + 2 * (1 - 1.0 / 3));
        Assert.Equal(expected, draft.Score().Loss!.Value, 1e-14);
        Assert.Equal(expected, draft.With("class_weight", Enumerable.Repeat(0.001, 3).ToArray()).Score().Loss!.Value, 1e-14);
    }

    [Fact]
    public void CrossEntropy_ZLossUnderUniformClassWeights_IsTheSame()
    {
        var draft = Of([2, 1, 0, 1, 1, 1], [0, 1]).With("z_loss", 0.1);
        double first = Math.Log(Math.Exp(2) + Math.Exp(1) + 1), second = 1 + Math.Log(3);
        var expected = (first - 2 + 0.1 * first * first + second - 1 + 0.1 * second * second) / 2;
        Assert.Equal(expected, draft.Score().Loss!.Value, 1e-15);
        Assert.Equal(expected, draft.With("class_weight", Enumerable.Repeat(10.0, 3).ToArray()).Score().Loss!.Value, 1e-15);
    }

    /// <summary>The loss of cross-entropy and the term of z_loss, in nats and bits, for hard, soft and smoothed labels.</summary>
    [Theory]
    [InlineData(Unit.Nats)]
    [InlineData(Unit.Bits)]
    public void CrossEntropy_ZLoss_IsPartOfTheSampleAndHasNoUnit(Unit unit) => BatchGenerator.Batches("cross_entropy", Finite).Sample(
        draft =>
        {
            if (draft.Form != PredictionForm.Logits) return;
            draft = draft.Without("logit_bias", "temperature_squared") with { Unit = unit, Reduction = Reduction.Sum };
            var (with, without) = (draft.With("z_loss", 0.25).Score(), draft.Without("z_loss").Score());
            var classWeight = draft.ValueOf("class_weight") as double[] ?? [.. Enumerable.Repeat(1.0, draft.Classes)];
            var temperature = draft.ValueOf("temperature") as double? ?? 1;
            for (var row = 0; row < draft.Rows; row++)
            {
                if (!draft.IsKept(row)) continue;
                var z = draft.Pick(draft.Predictions, row)!.Select(value => value / temperature).ToArray();
                var logSumExp = z.Max() + Math.Log(z.Sum(value => Math.Exp(value - z.Max())));
                var label = draft.Pick(draft.Labels, row)!;
                var weight = (draft.SampleWeight?[row] ?? 1) * (draft.LabelForm == LabelForm.Indices ? classWeight[(int)label[0]]
                    : label.Zip(classWeight, (y, w) => y * w).Sum());
                Assert.Equal(without.Losses[row] + 0.25 * weight * logSumExp * logSumExp, with.Losses[row], 1e-12 * (1 + with.Losses[row]));
                for (var c = 0; c < draft.Classes; c++)
                {
                    var p = Math.Exp(z[c] - logSumExp);
                    Assert.Equal(without.Gradient[row * draft.Classes + c] + 0.5 * weight * logSumExp * p / temperature,
                        with.Gradient[row * draft.Classes + c], 1e-10);
                }
            }
        },
        iter: Iterations);

    /// <summary>No infinite loss, of which half the gradient is a limit.</summary>
    private static BatchSpace Finite { get; } = new() { DTypes = [DType.Float64], Scales = [1e-3, 1, 8] };

    private static Draft Of(double[] logits, double[] labels) => new()
    {
        Loss = LossCatalogue.Find("cross_entropy")!,
        Rows = labels.Length,
        Classes = logits.Length / labels.Length,
        Predictions = logits,
        LabelForm = LabelForm.Indices,
        Labels = labels,
    };
}
