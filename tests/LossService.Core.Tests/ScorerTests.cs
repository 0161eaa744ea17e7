using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Core.Validation;
using LossService.Tests.Shared;

namespace LossService.Core.Tests;

/// <summary>The library's entry refuses what is no batch, wherever it comes from: never a wrong number, never a crash.</summary>
public sealed class ScorerTests
{
    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Score_GoodBatches_AreScored(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        foreach (var draft in HostileBatches.Good(loss))
        {
            using var batch = draft.ToBatch(draft.AllOutputs);
            using var scores = Scorer.Score(loss, batch, TestContext.Current.CancellationToken);
            Assert.True(double.IsFinite(scores.Loss!.Value), $"{draft}");

            var problems = new BatchProblems();
            using var tried = Scorer.TryScore(loss, batch, problems, TestContext.Current.CancellationToken);
            Assert.Equal((scores.Loss, 0), (tried!.Loss, problems.Total));
        }
    }

    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Score_HostileBatches_ThrowAndNameTheField(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        List<string> wrong = [];
        foreach (var hostile in HostileBatches.For(loss))
        {
            using (hostile.Batch)
            {
                var refusal = Record.Exception(() => Scorer.Score(loss, hostile.Batch, TestContext.Current.CancellationToken).Dispose());
                if (Failing(hostile, refusal) is { } what) wrong.Add($"{hostile.Batch.Form}, {hostile.What}: {what}");
            }
        }
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {name}:\n{string.Join('\n', wrong)}");
    }

    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void TryScore_HostileBatches_ReturnsNullAndTheSameProblems(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        foreach (var hostile in HostileBatches.For(loss))
        {
            using (hostile.Batch)
            {
                var problems = new BatchProblems();
                Assert.Null(Scorer.TryScore(loss, hostile.Batch, problems, TestContext.Current.CancellationToken));
                var refusal = Assert.Throws<InvalidBatchException>(() =>
                    Scorer.Score(loss, hostile.Batch, TestContext.Current.CancellationToken));
                Assert.Equal(Texts(refusal.Problems), Texts(problems));
                Assert.Equal(refusal.Problems.Total, problems.Total);
            }
        }
    }

    /// <summary>Indices of every integer dtype are the same labels.</summary>
    [Theory]
    [MemberData(nameof(LossTheories.LabelledCategorical), MemberType = typeof(LossTheories))]
    public void Score_LabelsOfEveryIntegerDType_ScoreTheSame(string name)
    {
        var draft = HostileBatches.Good(LossCatalogue.Find(name)!).First(draft => draft.LabelForm == LabelForm.Indices);
        var expected = draft.Score();
        foreach (var dtype in Enum.GetValues<DType>().Where(dtype => !dtype.IsFloat() && dtype != DType.Bool))
        {
            var scored = (draft with { LabelDType = dtype }).Score();
            Assert.Equal(expected.Losses, scored.Losses);
            Assert.Equal(expected.Gradient, scored.Gradient);
        }
    }

    /// <summary>Masked samples are never read, so nothing in them is wrong.</summary>
    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Score_HostileOnlyWhereMasked_IsScored(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        foreach (var good in HostileBatches.Good(loss))
        {
            var (perRow, labelsPerRow) = (good.Samples / good.Rows, (good.Labels?.Length ?? 0) / good.Rows);
            var spoilt = good with
            {
                Mask = [.. Enumerable.Range(0, good.Samples).Select(sample => sample / perRow != 1)],
                Predictions = [.. good.Predictions.Select((x, i) => i / good.Classes == 1 ? double.NaN : x)],
                Labels = good.Labels?.Select((x, i) => i / labelsPerRow == 1 ? 4_000_000 : x).ToArray(),
                SampleWeight = [.. Enumerable.Range(0, good.Samples).Select(sample => sample / perRow == 1 ? double.NaN : 1)],
            };
            Assert.Equal(good.Take(0, 2).Score().Loss, spoilt.Score().Loss);
        }
    }

    /// <summary>The own options of a loss, found by name and type: the classes of the losses are internal.</summary>
    [Fact]
    public void Score_WithAnOwnOptionOfTheLoss_UsesIt()
    {
        var (focal, crossEntropy) = (LossCatalogue.Find("focal")!, LossCatalogue.Find("cross_entropy")!);
        using var batch = HostileBatches.Good(crossEntropy).First().ToBatch(OutputSet.Loss);
        var options = new OptionValues().Set(focal.GetOption<double>("gamma"), 0);

        using var plain = Scorer.Score(crossEntropy, batch, TestContext.Current.CancellationToken);
        using var same = Scorer.Score(focal, batch with { Options = options }, TestContext.Current.CancellationToken);
        using var other = Scorer.Score(focal, batch, TestContext.Current.CancellationToken);

        Assert.Equal(plain.Loss!.Value, same.Loss!.Value, 1e-12);
        Assert.NotEqual(plain.Loss.Value, other.Loss!.Value, 1e-3);
        Assert.Throws<ArgumentException>(() => focal.GetOption<double>("z_loss"));
        Assert.Throws<ArgumentException>(() => focal.GetOption<int>("gamma"));
    }

    [Fact]
    public void Score_ManyProblems_CountsAllAndKeepsTheFirst()
    {
        const int Rows = 5000;
        var draft = HostileBatches.Good(LossCatalogue.Find("cross_entropy")!).First(draft => draft.LabelForm == LabelForm.Indices);
        draft = draft with
        {
            Rows = Rows,
            Predictions = new double[Rows * draft.Classes],
            Labels = [.. Enumerable.Repeat(99.0, Rows)],
        };
        using var batch = draft.ToBatch(OutputSet.Loss);
        var refusal = Assert.Throws<InvalidBatchException>(() => Scorer.Score(draft.Loss, batch, TestContext.Current.CancellationToken));
        Assert.Equal(Rows, refusal.Problems.Total);
        Assert.Equal(Enumerable.Range(0, 20), refusal.Problems.First.Take(20).Select(problem => Assert.Single(problem.Position)));
        Assert.All(refusal.Problems.First, problem => Assert.Equal("labels", problem.Field));
    }

    [Fact]
    public void Score_Cancelled_Throws()
    {
        var draft = HostileBatches.Good(LossCatalogue.Find("brier")!).First();
        using var batch = draft.ToBatch(OutputSet.Loss);
        Assert.ThrowsAny<OperationCanceledException>(() => Scorer.Score(draft.Loss, batch, new CancellationToken(canceled: true)));
    }

    /// <summary>What is wrong with a refusal; null where it is right.</summary>
    private static string? Failing(HostileBatch hostile, Exception? refusal)
    {
        if (refusal is not InvalidBatchException { Problems: var problems })
            return refusal is null ? "was scored" : $"threw {refusal.GetType().Name}: {refusal.Message}";
        if (problems.Total < 1 || problems.First.Count < 1) return "has no problem";
        // what is missing is nowhere, so the batch itself may be named
        var found = problems.First.Where(problem => problem.Field == hostile.Field || (hostile.What == "no labels" && problem.Field == ""));
        if (!found.Any()) return $"names {string.Join("; ", Texts(problems))}, not {hostile.Field}";
        if (problems.First.Any(problem => string.IsNullOrWhiteSpace(problem.Detail))) return "has no words";
        return hostile.Position is [] || found.Any(problem => problem.Position.SequenceEqual(hostile.Position)) ? null
            : $"is at {string.Join("; ", Texts(problems))}, not at [{string.Join(", ", hostile.Position)}]";
    }

    private static IEnumerable<string> Texts(BatchProblems problems) =>
        problems.First.Select(problem => $"{problem.Field}[{string.Join(", ", problem.Position)}]: {problem.Detail}");
}
