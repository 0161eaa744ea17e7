using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Core.Validation;
using LossService.Tests.Shared;

namespace LossService.Core.Tests;

/// <summary>Several losses that are scored together.</summary>
public sealed class SeveralScoringTests
{
    private const OutputSet Both = OutputSet.Loss | OutputSet.Gradient;

    /// <summary>Whether a gradient is computed beside it changes no bit of a loss, so that a combined one is made of the same.</summary>
    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Loss_BesideAGradient_HasTheSameBits(string name)
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var draft = BatchGenerator.Draw(LossCatalogue.Find(name)!, BatchSpace.Everything, seed) with { Reduction = Reduction.Sum };
            var (alone, beside) = (Scored.Of(draft, OutputSet.Loss | OutputSet.Losses), Scored.Of(draft, Both | OutputSet.Losses));
            Assert.Equal(alone.Loss, beside.Loss);
            Assert.Equal(alone.Losses, beside.Losses);
        }
    }

    [Fact]
    public void Combination_OfGradientsThatCancel_KeepsTheirDifference()
    {
        var draft = BatchGenerator.Draw(LossCatalogue.Find("cross_entropy")!, Finite, 5) with { Reduction = Reduction.Sum };
        using var batch = draft.ToBatch(Both);
        var other = batch with { Options = new OptionValues().Set(SharedOptions.LabelSmoothing, 0.25) };
        var loss = draft.Loss;
        using var scores = Scorer.TryScore(
            [new(loss, batch, 1), new(loss, other, 3), new(loss, batch, -1)], Both, [new(), new(), new()],
            TestContext.Current.CancellationToken)!;
        Assert.Equal(3 * scores.Entries[1].Loss!.Value, scores.Combined!.Loss);
        Assert.Equal(
            TestTensor.Read(scores.Entries[1].Gradient).Select(g => 3 * g), TestTensor.Read(scores.Combined.Gradient));
    }

    /// <summary>A combined gradient so large that idle cores share its sum has the bits of its elements alone.</summary>
    [Theory]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    public void Combination_OfALargeBatch_IsThatOfItsRows(DType dtype)
    {
        const int Rows = 3001, Classes = 101;
        var draft = BatchGenerator.Draw(LossCatalogue.Find("cross_entropy")!, (Finite with { DTypes = [dtype] }).OfSize(Rows, Classes), 3)
            with
        { Reduction = Reduction.Sum };
        var whole = Combine(draft);
        for (var row = 0; row < Rows; row += 500)
            Assert.Equal(Combine(draft.Take([row])), whole.AsSpan(row * Classes, Classes));

        static double[] Combine(Draft draft)
        {
            using var batch = draft.ToBatch(Both);
            var other = batch with { Options = new OptionValues().Set(SharedOptions.LabelSmoothing, 0.25) };
            using var scores = Scorer.TryScore(
                [new(draft.Loss, batch, 0.3), new(draft.Loss, other, 0), new(draft.Loss, other, -0.7)], Both, [new(), new(), new()],
                TestContext.Current.CancellationToken)!;
            return TestTensor.Read(scores.Combined!.Gradient!);
        }
    }

    [Fact]
    public void Scores_OfAnInvalidEntry_AreNone()
    {
        var draft = BatchGenerator.Draw(LossCatalogue.Find("cross_entropy")!, Finite, 5) with { Reduction = Reduction.Sum };
        using var batch = draft.ToBatch(Both);
        BatchProblems[] problems = [new(), new()];
        Assert.Null(Scorer.TryScore(
            [new(draft.Loss, batch), new(draft.Loss, batch, double.NaN)], Both, problems, TestContext.Current.CancellationToken));
        Assert.Equal((0, 1), (problems[0].Total, problems[1].Total));
        Assert.Throws<ArgumentException>(() => Scorer.TryScore(
            [new(draft.Loss, batch with { Outputs = OutputSet.Losses })], Both, [new()], TestContext.Current.CancellationToken));
        Assert.Throws<ArgumentException>(() => Scorer.TryScore([], Both, [], TestContext.Current.CancellationToken));
    }

    private static BatchSpace Finite =>
        new() { DTypes = [DType.Float64], Scales = [1], OptionChance = 0, WeightChance = 0, MaskChance = 0, ClassAxisChance = 0 };
}
