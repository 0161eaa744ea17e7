using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Tensors;

/// <summary>What is taken is counted, refused where it does not fit, and returned.</summary>
public sealed class MemoryBudgetTests
{
    private const int MegaByte = 1 << 20;

    [Fact]
    public void Buffers_OfABudget_AreCountedUntilTheyAreDisposedOf()
    {
        var budget = new MemoryBudget(20 * MegaByte);
        using (var small = new NativeBuffer(1000, budget))
        using (var medium = new NativeBuffer(100_000, budget))
        using (var large = new NativeBuffer(3 * MegaByte, budget))
        {
            Assert.InRange(budget.Used, 3 * MegaByte + 100_000, 12 * MegaByte);
            Assert.Throws<MemoryBudgetException>(() => new NativeBuffer(18 * MegaByte, budget));
            Assert.Throws<MemoryBudgetException>(() => large.Reserve(19 * MegaByte));
            Assert.True(large.Capacity >= 3 * MegaByte);
        }
        Assert.Equal(0, budget.Used);
        Assert.InRange(budget.Peak, 3 * MegaByte, 12 * MegaByte);
    }

    [Fact]
    public void Budget_UsedByManyThreads_NeverExceedsItsLimit()
    {
        var budget = new MemoryBudget(10);
        Parallel.For(0, 10_000, i =>
        {
            if (!budget.TryTake(i % 7)) return;
            Assert.InRange(budget.Used, 0, 10);
            budget.Return(i % 7);
        });
        Assert.Equal(0, budget.Used);
        Assert.InRange(budget.Peak, 6, 10);
    }

    [Fact]
    public void Need_ThatNeverFits_IsToldFromOneThatDoesNotFitNow()
    {
        var budget = new MemoryBudget(100);
        budget.Take(60);
        Assert.False(Assert.Throws<MemoryBudgetException>(() => budget.Take(50)).IsForever);
        Assert.False(Assert.Throws<MemoryBudgetException>(() => budget.Require(50, 10)).IsForever);
        var never = Assert.Throws<MemoryBudgetException>(() => budget.Require(50, 60));
        Assert.Equal((110L, 100L, true), (never.Need, never.Limit, never.IsForever));
        budget.Require(40, 60);
        Assert.Equal(60, budget.Used);
    }

    [Fact]
    public void Share_OfABudget_KnowsWhatItTookItself()
    {
        var budget = new MemoryBudget(100);
        var (one, other) = (budget.Share(), budget.Share());
        one.Take(60);
        other.Take(30);
        Assert.Equal((90L, 60L, 30L), (budget.Used, one.Used, other.Used));
        Assert.True(Assert.Throws<MemoryBudgetException>(() => one.Take(50)).IsForever);
        Assert.False(Assert.Throws<MemoryBudgetException>(() => one.Take(30)).IsForever);
        Assert.False(Assert.Throws<MemoryBudgetException>(() => other.Require(20, 30)).IsForever);
        one.Return(60);
        other.Require(20, 30);
        Assert.Equal((30L, 90L), (budget.Used, budget.Peak));
    }

    /// <summary>Every output, wide and narrow rows, weights: what scoring takes is in the budget, and free again.</summary>
    [Theory, MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Scores_OfALargeBatch_AreCountedAndRefused(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        var elements = 300_000;
        var shape = loss.Kind == LossKind.Binary ? new Shape(elements) : new Shape(3, elements / 3);
        using var predictions = new Tensor(DType.Float64, shape);
        predictions.AsSpan<double>().Fill(loss.Accepts[0] == PredictionForm.Logits ? 0 : 3.0 / elements);
        var samples = loss.GetSampleShape(shape, new());
        using var labels = new Tensor(DType.Int64, samples);
        labels.AsSpan<long>().Clear();
        using var weights = new Tensor(DType.Float32, samples);
        weights.AsSpan<float>().Fill(1);
        var budget = new MemoryBudget(200L * MegaByte);
        var batch = new Batch
        {
            Form = loss.Accepts[0],
            Predictions = predictions,
            Labels = loss.Labels == LabelRule.None ? null : labels,
            SampleWeight = weights,
            Outputs = loss.Outputs.Aggregate(OutputSet.None, (set, output) => set | output.Flag),
            Memory = budget,
        };
        using (var scores = Scorer.Score(loss, batch, TestContext.Current.CancellationToken))
        {
            // gradient, p and log p at least
            Assert.InRange(budget.Used, 3L * 8 * elements, 200L * MegaByte);
            Assert.InRange(budget.Peak, scores.Bytes, 200L * MegaByte);
        }
        Assert.Equal(0, budget.Used);

        var little = new MemoryBudget(4L * MegaByte);
        Assert.Throws<MemoryBudgetException>(
            () => Scorer.Score(loss, batch with { Memory = little }, TestContext.Current.CancellationToken));
        Assert.Equal(0, little.Used);
    }

    /// <summary>A token that is cancelled already ends a batch that is long enough to look at it.</summary>
    [Theory, MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Validation_WithACancelledToken_Ends(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        var shape = loss.Kind == LossKind.Binary ? new Shape(200_000) : new Shape(100_000, 2);
        using var predictions = new Tensor(DType.Float32, shape);
        predictions.AsSpan<float>().Fill(0.5f);
        using var labels = new Tensor(DType.Int64, loss.GetSampleShape(shape, new()));
        // no label fits, so that nothing is scored
        labels.AsSpan<long>().Fill(7);
        var batch = new Batch
        {
            Form = loss.Accepts[0],
            Predictions = predictions,
            Labels = loss.Labels == LabelRule.None ? null : labels,
        };
        Assert.Throws<OperationCanceledException>(() => Scorer.Score(loss, batch, new CancellationToken(true)));
    }

    [Theory]
    [InlineData(1000, true)]
    [InlineData(1001, false)]
    public void IgnoreIndex_OfManyLabels_IsLookedUpAlikeAndBounded(int count, bool isTaken)
    {
        var loss = LossCatalogue.Find("cross_entropy")!;
        using var predictions = new Tensor(DType.Float32, new Shape(4, 2000));
        predictions.AsSpan<float>().Clear();
        using var labels = new Tensor(DType.Int64, new Shape(4));
        new long[] { 0, 999, 1000, 1999 }.CopyTo(labels.AsSpan<long>());
        var batch = new Batch { Form = PredictionForm.Logits, Predictions = predictions, Labels = labels };
        batch.Options.Set(SharedOptions.IgnoreIndex, [.. Enumerable.Range(0, count).Select(i => (long)i)]);
        if (isTaken)
        {
            using var scores = Scorer.Score(loss, batch, TestContext.Current.CancellationToken);
            Assert.Equal(2, scores.Totals.Samples);
        }
        else
        {
            var refused = Assert.Throws<Validation.InvalidBatchException>(
                () => Scorer.Score(loss, batch, TestContext.Current.CancellationToken));
            Assert.Contains("expected at most 1000 numbers, got 1001", refused.Message, StringComparison.Ordinal);
        }
    }
}
