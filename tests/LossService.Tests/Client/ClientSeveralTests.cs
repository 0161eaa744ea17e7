using LossService.Client;
using LossService.Tests.Support;

namespace LossService.Tests.Client;

/// <summary>Several losses in one request of the client.</summary>
public sealed class ClientSeveralTests(TestService service)
{
    [Fact]
    public async Task Scores_OfSeveral_AreThoseOfEachAlone()
    {
        using var host = new ClientHost(service);
        var cancellation = TestContext.Current.CancellationToken;
        var batch = SmallBatch.Create();
        batch.Id = "step 1";
        var alone = await host.Client.ScoreAsync(LossNames.CrossEntropy, batch, cancellation);
        var set = await host.Client.ScoreAsync(
            new Dictionary<string, LossEntry>
            {
                [LossNames.CrossEntropy] = new() { LabelsFrom = "labels" },
                ["smooth"] = new()
                {
                    Loss = LossNames.CrossEntropy,
                    Weight = -2,
                    Outputs = LossOutputs.Losses,
                    Options = { LabelSmoothing = 0.1 },
                },
            },
            batch, combined: true, cancellation);
        Assert.Equal("step 1", set.Id);
        Assert.Null(set.Notices);
        Assert.Equal(alone.Loss, set.Losses[LossNames.CrossEntropy].Loss);
        Assert.Equal(alone.Gradient.AsSpan<float>().ToArray(), set.Losses[LossNames.CrossEntropy].Gradient.AsSpan<float>().ToArray());
        Assert.Equal(2, set.Losses["smooth"].Losses.AsSpan<float>().Length);
        Assert.Equal(6, set.Combined!.Gradient!.AsSpan<float>().Length);
        Assert.True(set.Combined.Loss < 0);
    }

    [Fact]
    public async Task Scores_OfATeacherAndLabels_AreThoseOfEachAlone()
    {
        using var host = new ClientHost(service);
        var cancellation = TestContext.Current.CancellationToken;
        var batch = SmallBatch.Create();
        var alone = await host.Client.ScoreAsync(LossNames.CrossEntropy, batch, cancellation);
        batch.LabelLogits = batch.Logits;
        var set = await host.Client.ScoreAsync(
            new Dictionary<string, LossEntry>
            {
                [LossNames.CrossEntropy] = new() { LabelsFrom = "labels" },
                [LossNames.KlDivergence] = new() { LabelsFrom = "label_logits", Options = { Temperature = 2 } },
            },
            batch, cancellation: cancellation);
        Assert.Equal(alone.Loss, set.Losses[LossNames.CrossEntropy].Loss);
        Assert.Equal(0, set.Losses[LossNames.KlDivergence].Loss);
    }

    [Fact]
    public async Task Scores_OfAnInvalidEntry_SayWhere()
    {
        using var host = new ClientHost(service);
        var refused = await Assert.ThrowsAsync<LossProblemException>(() => host.Client.ScoreAsync(
            new Dictionary<string, LossEntry> { ["brier"] = new() { Options = { Temperature = -1 } } }, SmallBatch.Create(),
            cancellation: TestContext.Current.CancellationToken));
        Assert.Equal("#/losses/brier/temperature", Assert.Single(refused.Problem.Errors).Pointer);
    }
}
