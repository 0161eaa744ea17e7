using CsCheck;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Core.Validation;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Outputs;

/// <summary>The calibration of each class, and bins of equal weight.</summary>
public sealed class CalibrationTests
{
    private const int Iterations = 60;

    [Theory]
    [MemberData(nameof(LossTheories.Measured), MemberType = typeof(LossTheories))]
    public void Bins_OfAnyBatch_HaveEverySampleOnce(string loss) => BatchGenerator.Batches(loss).Sample(
        draft =>
        {
            var metrics = Detailed(draft).Describe().Metrics!;
            var (weight, samples) = (metrics.Totals.Weight, metrics.Bins.Sum(bin => bin.Samples));
            Assert.Equal(draft.Classes, metrics.ClassWise!.Classes.Count);
            if (draft.IsBinary)
                Assert.Equal(samples, metrics.ClassWise.Classes.Sum(one => one.Bins.Sum(bin => bin.Samples)));
            else Assert.All(metrics.ClassWise.Classes, one => Assert.Equal(samples, one.Bins.Sum(bin => bin.Samples)));
            var equal = metrics.EqualMass!;
            Assert.Equal(samples, equal.Bins.Sum(bin => bin.Samples));
            Assert.Equal(weight, equal.Bins.Sum(bin => bin.Weight), 1e-12 * weight);
            Assert.Equal(weight == 0, equal.CalibrationError is null);
            Assert.All(equal.Bins, bin => Assert.True(bin.Samples > 0 && bin.Lower <= bin.Upper));
            Assert.All(equal.Bins.Zip(equal.Bins.Skip(1)), pair => Assert.True(pair.First.Upper < pair.Second.Lower));
        },
        iter: Iterations);

    [Theory]
    [MemberData(nameof(LossTheories.Measured), MemberType = typeof(LossTheories))]
    public void EqualMass_OfAnyOrder_IsTheSame(string loss) => BatchGenerator.Batches(loss, new() { Rows = (2, 9) }).Sample(
        draft =>
        {
            draft = Detailed(draft);
            int[] reversed = [.. Enumerable.Range(0, draft.Rows).Reverse()];
            var (one, other) = (draft.Describe().Metrics!.EqualMass!, draft.Take(reversed).Describe().Metrics!.EqualMass!);
            Assert.Equal(one.CalibrationError, other.CalibrationError);
            Assert.Equal(one.Bins, other.Bins);
        },
        iter: Iterations);

    /// <summary>A sample of weight 2 is two samples.</summary>
    [Fact]
    public void EqualMass_OfWeights_IsThatOfSoManySamples()
    {
        double[] p = [0.1, 0.2, 0.4, 0.7, 0.9], labels = [0, 1, 0, 1, 1], weights = [1, 3, 2, 1, 2];
        int[] each = [.. weights.SelectMany((weight, i) => Enumerable.Repeat(i, (int)weight))];
        foreach (var bins in (int[])[1, 2, 3, 4, 9, 20])
        {
            var weighted = (Elements(p, labels) with { SampleWeight = weights }).With("bins", bins).Describe().Metrics!.EqualMass!;
            var repeated = Elements([.. each.Select(i => p[i])], [.. each.Select(i => labels[i])]).With("bins", bins)
                .Describe().Metrics!.EqualMass!;
            Assert.Equal(repeated.CalibrationError!.Value, weighted.CalibrationError!.Value, 1e-15);
            Assert.Equal(repeated.Bins.Select(Edges), weighted.Bins.Select(Edges));
        }

        static (double, double, double) Edges(CalibrationBin bin) => (bin.Lower, bin.Upper, bin.Weight);
    }

    [Fact]
    public void EqualMass_OfSixElements_HasTwoInEachOfThreeBins()
    {
        var metrics = Elements([0.8, 0.1, 0.3, 0.25, 0.9, 0.6], [1, 0, 1, 0, 1, 0]).With("bins", 3).Describe().Metrics!;
        Assert.Equal([(0.1, 0.25), (0.3, 0.6), (0.8, 0.9)], metrics.EqualMass!.Bins.Select(bin => (bin.Lower, bin.Upper)));
        // |0 − 0.175|, |0.5 − 0.45| and |1 − 0.85|, each of a third
        Assert.Equal((0.175 + 0.05 + 0.15) / 3, metrics.EqualMass.CalibrationError!.Value, 1e-15);
    }

    /// <summary>Of equal confidences, none is more than another: they share the bin of the first.</summary>
    [Fact]
    public void EqualMass_OfEqualConfidences_IsOneBin()
    {
        var equal = Elements([0.5, 0.5, 0.5, 0.75], [1, 0, 1, 1]).With("bins", 4).Describe().Metrics!.EqualMass!;
        Assert.Equal([(0.5, 3), (0.75, 1)], equal.Bins.Select(bin => (bin.Lower, bin.Samples)));
    }

    [Fact]
    public void ClassWise_OfTwoRows_IsTheMeanOverTheClasses()
    {
        var draft = Detailed(new Draft
        {
            Loss = LossCatalogue.Find("cross_entropy")!,
            Form = PredictionForm.Probabilities,
            Rows = 2,
            Classes = 3,
            Predictions = [0.5, 0.25, 0.25, 0.25, 0.75, 0],
            LabelForm = LabelForm.Indices,
            Labels = [0, 1],
            DType = DType.Float64,
        }).With("bins", 1);
        var classWise = draft.Describe().Metrics!.ClassWise!;
        // one bin of each class: the mean label 1/2, 1/2, 0, and the mean probability 3/8, 1/2, 1/8
        Assert.Equal([0.125, 0, 0.125], classWise.Classes.Select(one => one.CalibrationError));
        Assert.Equal(0.25 / 3, classWise.CalibrationError);
        Assert.Equal(new CalibrationBin(0, 1, 2, 2, 0.5, 0.375), Assert.Single(classWise.Classes[0].Bins));
    }

    /// <summary>One class of a binary loss is what its reliability diagram compares by default.</summary>
    [Fact]
    public void ClassWise_OfOneColumn_IsTheReliabilityDiagram()
    {
        var metrics = Detailed(Elements([0.1, 0.9, 0.35, 0.6], [0, 1, 0.25, 1]).With("bins", 4)).Describe().Metrics!;
        var one = Assert.Single(metrics.ClassWise!.Classes);
        Assert.Equal(metrics.ExpectedCalibrationError!.Value, one.CalibrationError!.Value, 1e-16);
        Assert.Equal(metrics.Bins.Where(bin => bin.Samples > 0), one.Bins);
    }

    [Theory]
    [InlineData("cross_entropy")]
    [InlineData("hinge")]
    public void ClassWise_BeyondTheLimit_IsRefused(string name)
    {
        var draft = BatchGenerator.Draw(LossCatalogue.Find(name)!, new BatchSpace { OptionChance = 0 }.OfSize(2, 151), seed: 1)
            .With("class_wise_calibration", true);
        draft.With("bins", 99).Describe();
        var problem = Assert.Single(
            Assert.Throws<InvalidBatchException>(() => draft.With("bins", 100).Describe()).Problems.First);
        Assert.Equal("class_wise_calibration", problem.Field);
        Assert.Contains("151 classes with 100 bins each; up to 99 bins fit", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void EqualMass_BeyondTheMemory_IsRefused()
    {
        var draft = Elements([.. Enumerable.Repeat(0.5, 100_000)], new double[100_000]);
        Assert.Throws<MemoryBudgetException>(() => Score(draft.With("equal_mass_calibration", true)));
        Score(draft.With("equal_mass_calibration", false));

        static void Score(Draft draft)
        {
            var memory = new MemoryBudget(3_000_000);
            using var batch = draft.ToBatch(OutputSet.Metrics) with { Memory = memory };
            Scorer.Score(draft.Loss, batch, TestContext.Current.CancellationToken).Dispose();
            Assert.Equal(0, memory.Used);
        }
    }

    private static Draft Detailed(Draft draft) => draft.With("class_wise_calibration", true).With("equal_mass_calibration", true);

    private static Draft Elements(double[] p, double[] labels) => new Draft
    {
        Loss = LossCatalogue.Find("binary_cross_entropy")!,
        Form = PredictionForm.Probabilities,
        Rows = p.Length,
        Classes = 1,
        Predictions = p,
        Labels = labels,
        DType = DType.Float64,
    }.With("equal_mass_calibration", true);
}
