using CsCheck;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Core.Validation;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Outputs;

/// <summary>Counts by class, and that metrics of parts merge into those of the whole, bit for bit.</summary>
public sealed class ClassMetricsTests
{
    private const int Iterations = 60;

    [Theory]
    [MemberData(nameof(LossTheories.Measured), MemberType = typeof(LossTheories))]
    public void Metrics_OfTwoHalvesMerged_AreThoseOfTheWhole(string loss) => BatchGenerator.Batches(loss, new() { Rows = (2, 9) }).Sample(
        draft =>
        {
            draft = Detailed(draft);
            int[] rows = [.. Enumerable.Range(0, draft.Rows)];
            var merged = Sum(draft.Take(rows[..(draft.Rows / 2)]));
            merged.Add(Sum(draft.Take(rows[(draft.Rows / 2)..])));
            AssertSame(Sum(draft).Conclude(), merged.Conclude());
        },
        iter: Iterations);

    [Theory]
    [MemberData(nameof(LossTheories.Measured), MemberType = typeof(LossTheories))]
    public void Classes_OfAnyBatch_AddUp(string loss) => BatchGenerator.Batches(loss).Sample(
        draft =>
        {
            draft = Detailed(draft);
            var metrics = draft.Describe().Metrics!;
            var classes = metrics.Classes.Classes;
            Assert.Equal(draft.Classes, classes.Count);
            var total = draft.IsBinary ? classes.Sum(One) : One(classes[0]);
            Assert.Equal(metrics.Totals.Weight, total, 1e-12 * total);
            var hits = classes.Sum(one => one.TruePositives + (draft.IsBinary ? one.TrueNegatives : 0));
            Assert.Equal(metrics.Totals.Correct, hits, 1e-12 * total);
            Assert.All(classes, one => Assert.Equal(one.Support, one.TruePositives + one.FalseNegatives, 1e-12 * total));
            if (metrics.Classes.ConfusionMatrix is not { } matrix) return;
            for (var c = 0; c < draft.Classes; c++)
            {
                Assert.Equal(classes[c].TruePositives, matrix[c][c]);
                Assert.Equal(classes[c].Support, matrix[c].Sum(), 1e-12 * total);
                Assert.Equal(classes[c].TruePositives + classes[c].FalsePositives, matrix.Sum(row => row[c]), 1e-12 * total);
            }

            static double One(ClassMetrics one) => one.TruePositives + one.FalsePositives + one.FalseNegatives + one.TrueNegatives;
        },
        iter: Iterations);

    /// <summary>scikit-learn gives these of labels [0, 1, 1, 0, 0] and predictions [0, 0, 1, 0, 2].</summary>
    [Fact]
    public void Classes_OfFiveRows_AreThoseOfScikitLearn()
    {
        var draft = Detailed(new Draft
        {
            Loss = LossCatalogue.Find("cross_entropy")!,
            Rows = 5,
            Classes = 3,
            Predictions = [3, 0, 1, 3, 0, 2, 0, 3, -1, 0.5, 0, 0.25, 0, 1, 2],
            LabelForm = LabelForm.Indices,
            Labels = [0, 1, 1, 0, 0],
        });
        var report = draft.Describe().Metrics!.Classes;
        Assert.Equal([2.0 / 3, 1, 0], report.Classes.Select(one => one.Precision));
        Assert.Equal([2.0 / 3, 0.5, null], report.Classes.Select(one => one.Recall));
        Assert.Equal(5.0 / 9, report.Macro!.Precision!.Value, 1e-15);
        Assert.Equal(7.0 / 18, report.Macro.Recall!.Value, 1e-15);
        Assert.Equal(4.0 / 9, report.Macro.F1!.Value, 1e-15);
        Assert.Equal(1.0 / 3, report.Macro.Iou!.Value, 1e-15);
        Assert.Equal(7.0 / 12, report.BalancedAccuracy!.Value, 1e-15);
        Assert.Equal([[2, 0, 1], [1, 1, 0], [0, 0, 0]], report.ConfusionMatrix);
    }

    [Fact]
    public void CalibrationErrors_OfTwoBins_AreTheLargestAndTheRootOfTheMeanSquare()
    {
        var draft = new Draft
        {
            Loss = LossCatalogue.Find("binary_brier")!,
            Form = PredictionForm.Probabilities,
            Classes = 4,
            Predictions = [0.25, 0.25, 0.75, 0.75],
            Labels = [0, 1, 1, 1],
        }.With("bins", 2);
        var metrics = draft.Describe().Metrics!;
        Assert.Equal(0.25, metrics.ExpectedCalibrationError);
        Assert.Equal(0.25, metrics.MaximumCalibrationError);
        Assert.Equal(0.25, metrics.RootMeanSquareCalibrationError);
        Assert.Equal(new BrierParts(0.1875, 0.0625, 0.0625, 0.1875), metrics.Brier);
        Assert.Equal(0.75, metrics.Totals.SquaredError);
    }

    /// <summary>At the fitted temperature, the metrics of the batch are those that the fit says, and a fit finds nothing better.</summary>
    [Theory]
    [InlineData("cross_entropy")]
    [InlineData("focal")]
    [InlineData("binary_cross_entropy")]
    public void TemperatureFit_OfAnyBatch_IsTheBestOfTheBatch(string name)
    {
        var space = new BatchSpace
        {
            Forms = [PredictionForm.Logits],
            DTypes = [DType.Float64],
            Scales = [4],
            OptionChance = 0,
            MaskChance = 0.3,
        };
        var fitted = 0;
        for (var seed = 0; seed < 30; seed++)
        {
            var draft = BatchGenerator.Draw(LossCatalogue.Find(name)!, space.OfSize(40, 3), seed).With("fit_temperature", true);
            if (draft.Describe().Metrics!.TemperatureFit is not { Temperature: { } best } fit) continue;
            fitted++;
            Assert.True(fit.CrossEntropyAfter <= fit.CrossEntropyBefore);
            foreach (var step in (double[])[0.99, 1, 1.01])
            {
                var other = draft.With("temperature", best * step).Describe().Metrics!;
                var mean = other.Totals.CrossEntropy / other.Totals.Weight;
                if (step != 1) Assert.True(mean > fit.CrossEntropyAfter, $"seed {seed}: {best * step} is better than {best}");
                else Assert.Equal(mean, fit.CrossEntropyAfter!.Value, 1e-12);
                if (step == 1) Assert.Equal(other.ExpectedCalibrationError!.Value, fit.CalibrationErrorAfter!.Value, 1e-10);
                Assert.Equal(best, other.TemperatureFit!.Temperature);
            }
        }
        Assert.True(fitted > 10, $"only {fitted} batches have a best temperature");
    }

    [Theory]
    [InlineData("cross_entropy", "per_class", 1001)]
    [InlineData("cross_entropy", "confusion_matrix", 101)]
    [InlineData("hinge", "per_class", 1001)]
    public void Classes_BeyondTheLimit_AreRefused(string name, string option, int classes)
    {
        var draft = BatchGenerator.Draw(LossCatalogue.Find(name)!, new BatchSpace { OptionChance = 0 }.OfSize(2, classes), seed: 1);
        var problem = Assert.Single(Assert.Throws<InvalidBatchException>(() => draft.With(option, true).Describe()).Problems.First);
        Assert.Equal((option, $"{option} takes at most {classes - 1} classes, got {classes}"), (problem.Field, problem.Detail));
    }

    private static Draft Detailed(Draft draft) =>
        (draft.IsBinary ? draft : draft.With("confusion_matrix", true)).With("per_class", true).With("class_wise_calibration", true);

    private static MetricsSum Sum(Draft draft)
    {
        using var batch = draft.ToBatch(OutputSet.Metrics);
        using var scores = Scorer.Score(draft.Loss, batch, TestContext.Current.CancellationToken);
        return scores.MetricsSum!;
    }

    private static void AssertSame(Metrics expected, Metrics actual)
    {
        Assert.Equal(expected.Accuracy, actual.Accuracy);
        Assert.Equal(expected.ExpectedCalibrationError, actual.ExpectedCalibrationError);
        Assert.Equal(expected.MaximumCalibrationError, actual.MaximumCalibrationError);
        Assert.Equal(expected.RootMeanSquareCalibrationError, actual.RootMeanSquareCalibrationError);
        Assert.Equal(expected.Brier, actual.Brier);
        Assert.Equal(expected.Bins, actual.Bins);
        Assert.Equal(expected.ClassWise!.CalibrationError, actual.ClassWise!.CalibrationError);
        Assert.Equal(
            expected.ClassWise.Classes.Select(one => one.CalibrationError),
            actual.ClassWise.Classes.Select(one => one.CalibrationError));
        Assert.Equal(expected.ClassWise.Classes.SelectMany(one => one.Bins), actual.ClassWise.Classes.SelectMany(one => one.Bins));
        Assert.Equal(expected.Classes.Classes, actual.Classes.Classes);
        Assert.Equal(expected.Classes.Macro, actual.Classes.Macro);
        Assert.Equal(expected.Classes.BalancedAccuracy, actual.Classes.BalancedAccuracy);
        Assert.Equal(expected.Classes.ConfusionMatrix, actual.Classes.ConfusionMatrix);
    }
}
