using CsCheck;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Validation;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Outputs;

/// <summary>What metrics weigh by, and how a reliability diagram is filled.</summary>
public sealed class MetricsTests
{
    private const int Iterations = 60;

    [Theory]
    [MemberData(nameof(LossTheories.MeasuredCategorical), MemberType = typeof(LossTheories))]
    public void Metrics_WithAndWithoutClassWeights_AreTheSame(string loss) => BatchGenerator.Batches(loss).Sample(
        draft =>
        {
            var weighted = draft.With("class_weight", Enumerable.Range(0, draft.Classes).Select(c => c % 3 * 2.5).ToArray());
            AssertSame(draft.Without("class_weight").Describe().Metrics!, weighted.Describe().Metrics!);
        },
        iter: Iterations);

    /// <summary>A weight of 3 is three samples.</summary>
    [Theory]
    [MemberData(nameof(LossTheories.Measured), MemberType = typeof(LossTheories))]
    public void Metrics_OfWeightedRows_AreThoseOfRepeatedRows(string loss) => BatchGenerator.Batches(loss).Sample(
        draft =>
        {
            draft = draft with { SampleWeight = null };
            int[] repeated = [.. Enumerable.Range(0, draft.Rows).SelectMany(row => Enumerable.Repeat(row, row % 4))];
            if (repeated.Length == 0) return;
            var perRow = draft.Samples / draft.Rows;
            var weighted = draft with { SampleWeight = [.. Enumerable.Range(0, draft.Samples).Select(sample => sample / perRow % 4.0)] };
            var (expected, actual) = (draft.Take(repeated).Describe().Metrics!, weighted.Describe().Metrics!);
            Assert.Equal(expected.Accuracy, actual.Accuracy);
            Assert.Equal(expected.TopKAccuracy, actual.TopKAccuracy);
            Assert.Equal(expected.Bins.Select(bin => (bin.Weight, bin.Accuracy)), actual.Bins.Select(bin => (bin.Weight, bin.Accuracy)));
        },
        iter: Iterations);

    [Fact]
    public void Accuracy_WithClassWeights_CountsSamples()
    {
        var draft = Of("cross_entropy", 2, [3, 0, 3, 0, 0, 3, 0.1, 0], [0, 0, 0, 1]) with { LabelForm = LabelForm.Indices };
        Assert.Equal(0.5, draft.Describe().Metrics!.Accuracy);
        Assert.Equal(0.5, draft.With("class_weight", new double[] { 1, 10 }).Describe().Metrics!.Accuracy);
    }

    [Theory]
    [MemberData(nameof(LossTheories.Measured), MemberType = typeof(LossTheories))]
    public void Metrics_NegativeWeight_IsRefused(string name)
    {
        foreach (var good in HostileBatches.Good(LossCatalogue.Find(name)!))
        {
            var draft = good with { Reduction = Reduction.Sum, SampleWeight = [-1, .. Enumerable.Repeat(1.0, good.Samples - 1)] };
            Assert.True(double.IsFinite(draft.Score().Loss!.Value));
            var problem = Assert.Single(Assert.Throws<InvalidBatchException>(() => draft.Describe()).Problems.First);
            Assert.Equal("sample_weight", problem.Field);
            Assert.Contains("metrics", problem.Detail, StringComparison.Ordinal);
            // it is not read where it is masked
            (draft with { Mask = [false, .. Enumerable.Repeat(true, good.Samples - 1)] }).Describe();
        }
    }

    [Fact]
    public void Bins_ConfidenceOf57Hundredths_IsInTheBinOf57Hundredths()
    {
        var draft = Of("cross_entropy", 2, [0.57, 0.43], [1, 0]) with { Form = PredictionForm.Probabilities };
        var bin = Assert.Single(draft.With("bins", 100).Describe().Metrics!.Bins, bin => bin.Samples > 0);
        Assert.Equal((0.57, 0.58), (bin.Lower, bin.Upper));
    }

    /// <summary>Every edge, and the numbers next to it, of every number of bins.</summary>
    [Fact]
    public void Bins_ConfidenceAtAnEdge_IsInTheBinThatStartsThere()
    {
        for (var bins = 1; bins <= 1000; bins++)
        {
            double[] edges = [.. Enumerable.Range(0, bins + 1).Select(i => (double)i / bins)];
            double[] p = [.. edges, .. edges[1..].Select(Math.BitDecrement), .. edges[..^1].Select(Math.BitIncrement)];
            var draft = Of("binary_brier", p.Length, p, new double[p.Length]) with { Form = PredictionForm.Probabilities };
            var found = draft.With("bins", bins).Describe().Metrics!.Bins;
            Assert.Equal(edges[..^1], found.Select(bin => bin.Lower));
            Assert.Equal(edges[1..], found.Select(bin => bin.Upper));
            foreach (var bin in found)
            {
                double[] inside = [.. p.Where(x => x >= bin.Lower && (x < bin.Upper || bin.Upper == 1))];
                Assert.Equal(inside.Length, bin.Samples);
                Assert.Equal(inside.Average(), bin.Confidence!.Value, 1e-13);
            }
        }
    }

    [Theory]
    [MemberData(nameof(LossTheories.Measured), MemberType = typeof(LossTheories))]
    public void Bins_OfABinaryLoss_CompareTheProbabilityWithTheLabel(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        if (loss.Kind != LossKind.Binary) return;
        double[] z = [-2, -2, -1, 0.5, 0.5, 3], labels = [0, 1, 0, 1, 0, 1];
        var draft = Of(name, 6, z, labels) with { SampleWeight = [1, 2, 1, 3, 1, 0.5] };
        double[] p = [.. z.Select(x => 1 / (1 + Math.Exp(-x)))];
        foreach (var (calibration, confidence, outcome) in ((string?, double[], double[])[])
        [
            (null, p, labels),
            ("positive", p, labels),
            ("predicted", [.. p.Select(x => Math.Max(x, 1 - x))], [.. labels.Zip(z, (label, x) => label == 1 == x > 0 ? 1.0 : 0)]),
        ])
        {
            var metrics = (calibration is null ? draft : draft.With("calibration", calibration)).With("bins", 5).Describe().Metrics!;
            var error = 0.0;
            foreach (var bin in metrics.Bins)
            {
                int[] inside = [.. Enumerable.Range(0, 6).Where(i => confidence[i] >= bin.Lower && confidence[i] < bin.Upper)];
                var weight = inside.Sum(i => draft.SampleWeight[i]);
                Assert.Equal(weight, bin.Weight);
                if (weight == 0) continue;
                Assert.Equal(inside.Sum(i => draft.SampleWeight[i] * outcome[i]) / weight, bin.Accuracy!.Value, 1e-15);
                Assert.Equal(inside.Sum(i => draft.SampleWeight[i] * confidence[i]) / weight, bin.Confidence!.Value, 1e-15);
                error += weight * Math.Abs(bin.Accuracy.Value - bin.Confidence.Value) / draft.SampleWeight.Sum();
            }
            Assert.Equal(error, metrics.ExpectedCalibrationError!.Value, 1e-15);
        }
    }

    [Fact]
    public void CalibrationError_OfBinaryProbabilities_IsThatOfThePositiveClass()
    {
        var draft = Of("binary_cross_entropy", 2, [0.1, 0.9], [1, 1]).With("bins", 10) with { Form = PredictionForm.Probabilities };
        Assert.Equal(0.5, draft.Describe().Metrics!.ExpectedCalibrationError!.Value, 1e-16);
        Assert.Equal(0.4, draft.With("calibration", "predicted").Describe().Metrics!.ExpectedCalibrationError!.Value, 1e-16);
        // a soft label is an outcome between right and wrong
        var soft = Of("binary_cross_entropy", 1, [0.25], [0.75]).With("bins", 1) with { Form = PredictionForm.Probabilities };
        Assert.Equal((0.75, 0.25), (soft.Describe().Metrics!.Bins[0].Accuracy, soft.Describe().Metrics!.Bins[0].Confidence));
    }

    private static void AssertSame(Metrics expected, Metrics actual)
    {
        Assert.Equal(expected.Accuracy, actual.Accuracy);
        Assert.Equal(expected.TopKAccuracy, actual.TopKAccuracy);
        Assert.Equal(expected.Perplexity, actual.Perplexity);
        Assert.Equal(expected.ExpectedCalibrationError, actual.ExpectedCalibrationError);
        Assert.Equal(expected.Bins, actual.Bins);
    }

    private static Draft Of(string loss, int classes, double[] predictions, double[] labels) => new()
    {
        Loss = LossCatalogue.Find(loss)!,
        Rows = predictions.Length / classes,
        Classes = classes,
        Predictions = predictions,
        Labels = labels,
    };
}
