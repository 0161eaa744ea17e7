using CsCheck;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Kernels;

/// <summary>The way from memory to memory beside the way through the scratch, which a mask that keeps everything takes.</summary>
public class LogisticBlockTests
{
    private const OutputSet Wanted = OutputSet.Loss | OutputSet.Metrics;

    private static readonly DType[] FloatTypes = [DType.Float32, DType.Float16, DType.BFloat16];

    private static readonly DType[] LabelTypes =
        [DType.Int64, DType.Int32, DType.Bool, DType.UInt8, DType.Float32, DType.Float64, DType.Int16, DType.Float16];

    /// <summary>Logits of every size, with hard labels; long enough for more than one block.</summary>
    private static readonly Gen<Draft> Batches = BatchGenerator.Batches("binary_cross_entropy", new()
    {
        Forms = [PredictionForm.Logits],
        Rows = (1, 1),
        Classes = (1, 700),
        Scales = [30],
        SpecialChance = 0.2,
        HasSoftLabels = false,
        Reductions = [Reduction.Mean],
        OptionChance = 0,
        WeightChance = 0,
        MaskChance = 0,
    }).Select(draft => draft with { Unit = Unit.Nats, MeanOver = MeanOver.Weight });

    [Fact]
    public void Score_AnyDTypes_SameBitsAsThroughTheScratch() =>
        Gen.Select(Batches, Gen.OneOf(LabelTypes), Gen.OneOf(1.0, 0.3, 7, 0)).Sample(
            (draft, labels, posWeight) => AssertSame((draft with { LabelDType = labels }).With("pos_weight", new[] { posWeight })),
            iter: 300);

    [Fact]
    public void Score_SoftLabelAmongHardOnes_SameBitsAsThroughTheScratch() =>
        Gen.Select(Batches, Gen.Double[0, 1], Gen.Int[0, 699]).Sample(
            (draft, soft, place) =>
            {
                double[] labels = [.. draft.Labels!];
                labels[place % labels.Length] = soft;
                AssertSame(draft with { DType = DType.Float64, Labels = labels });
            },
            iter: 100);

    [Fact]
    public void Score_TemperatureAndBias_SameBitsAsThroughTheScratch() =>
        Gen.Select(Batches, Gen.OneOf(1.0, 2.5, 0.3), Gen.Bool, Gen.Int[0, 99]).Sample(
            (draft, temperature, isBiased, seed) =>
            {
                var random = new Random(seed);
                draft = draft.With("temperature", temperature);
                double[] bias = [.. Enumerable.Range(0, draft.Classes).Select(_ => random.Next(-9, 9) / 4.0)];
                if (isBiased) draft = draft.With("logit_bias", bias);
                AssertSame(draft);
            },
            iter: 300);

    [Fact]
    public void Score_SoftAndSmoothedLabels_SameBitsAsThroughTheScratch() =>
        Gen.Select(Batches, Gen.OneOf(FloatTypes), Gen.OneOf(0.0, 0.1, 1), Gen.OneOf(1.0, 3), Gen.Int[0, 99]).Sample(
            (draft, dtype, smoothing, posWeight, seed) =>
            {
                var random = new Random(seed);
                // some as near to p as a number of the dtype is
                double[] labels = [.. draft.Predictions.Select(z => random.Next(3) == 0 ? 1 / (1 + Math.Exp(-z)) : random.NextDouble())];
                draft = draft with { DType = dtype, LabelDType = dtype, Labels = labels };
                draft = draft.With("label_smoothing", smoothing).With("pos_weight", new[] { posWeight });
                AssertSame(draft);
                Assert.Equal(draft.Score().Loss, Scored.Of(draft, Wanted).Loss);
                var masked = draft with { Mask = [.. Enumerable.Repeat(true, draft.Samples)] };
                Assert.Equivalent(Scored.Of(masked, Wanted).Metrics, Scored.Of(draft, Wanted).Metrics, strict: true);
            },
            iter: 300);

    [Fact]
    public void Score_Metrics_SameBitsAsThroughTheScratch() =>
        Gen.Select(
            Batches, Gen.OneOf(LabelTypes), Gen.OneOf(1.0, 0.3), Gen.OneOf("positive", "predicted"), Gen.OneOf(1, 2, 15, 100)).Sample(
            (draft, labels, posWeight, calibration, bins) =>
            {
                draft = (draft with { LabelDType = labels, DType = DType.Float32 }).With("pos_weight", new[] { posWeight })
                    .With("calibration", calibration).With("bins", bins);
                var masked = draft with { Mask = [.. Enumerable.Repeat(true, draft.Samples)] };
                var (expected, actual) = (Scored.Of(masked, Wanted), Scored.Of(draft, Wanted));
                Assert.Equal(expected.Loss, actual.Loss);
                Assert.Equivalent(expected.Metrics, actual.Metrics, strict: true);
            },
            iter: 300);

    [Fact]
    public void Score_BinaryBrier_SameBitsAsThroughTheScratch() =>
        Gen.Select(Batches, Gen.OneOf(FloatTypes), Gen.OneOf(1.0, 2.5), Gen.Int[0, 3]).Sample(
            (draft, dtype, temperature, soft) =>
            {
                double[] labels = [.. draft.Labels!];
                if (soft == 0) labels[^1] = 0.25;
                else if (soft == 1) labels = [.. labels.Select((t, i) => i % 3 == 0 ? t : 1 / (1 + Math.Exp(-draft.Predictions[i])))];
                draft = (draft with { Loss = LossCatalogue.Find("binary_brier")!, DType = dtype, LabelDType = dtype, Labels = labels })
                    .With("temperature", temperature);
                AssertSame(draft);
                var masked = draft with { Mask = [.. Enumerable.Repeat(true, draft.Samples)] };
                var (expected, actual) = (Scored.Of(masked, Wanted), Scored.Of(draft, Wanted));
                Assert.Equal(expected.Loss, actual.Loss);
                Assert.Equivalent(expected.Metrics, actual.Metrics, strict: true);
            },
            iter: 300);

    private static void AssertSame(Draft plain)
    {
        var masked = plain with { Mask = [.. Enumerable.Repeat(true, plain.Samples)] };
        var (expected, actual) = (masked.Score(), plain.Score());
        Assert.Equal(expected.Totals, actual.Totals);
        Assert.Equal(expected.Loss, actual.Loss);
        Assert.Equal(expected.Losses, actual.Losses);
        Assert.Equal(expected.Gradient, actual.Gradient);
    }
}
