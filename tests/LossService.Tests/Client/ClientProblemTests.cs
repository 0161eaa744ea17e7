using System.Net;
using LossService.Client;
using LossService.Tests.Hosting.Access;
using LossService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace LossService.Tests.Client;

/// <summary>What goes wrong, as the user of the client sees it.</summary>
public sealed class ClientProblemTests(TestService service)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task InvalidBatch_IsAProblemWithPointers()
    {
        var refused = await RefuseAsync(SmallBatch.Create(0, 3));
        Assert.Equal("labels[1]: class index 3 is outside 0..2 (422 invalid-batch)", refused.Message);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Equal(
            [new("#/inputs/1", "labels[1]: class index 3 is outside 0..2")], refused.Problem.Errors);
        Assert.NotEmpty(refused.Problem.RequestId!);
    }

    [Fact]
    public async Task SeveralErrors_AreAllInTheMessage()
    {
        var refused = await RefuseAsync(SmallBatch.Create(5, 3));
        Assert.Contains("labels[0]: class index 5", refused.Message, StringComparison.Ordinal);
        Assert.Contains("\n  #/inputs/1: labels[1]: class index 3", refused.Message, StringComparison.Ordinal);
        Assert.Equal(2, refused.Problem.TotalErrors);
    }

    [Fact]
    public async Task WhatTheServiceDoesNotKnow_IsRefusedByIt()
    {
        var batch = SmallBatch.Create();
        batch.Options.Gamma = 2;
        batch.Options.Temperature = double.NaN;
        batch["targets"] = new[] { 0, 1 };
        var refused = await RefuseAsync(batch);
        Assert.Contains("gamma is not an option of cross_entropy", refused.Message, StringComparison.Ordinal);
        Assert.Contains("temperature: expected a number", refused.Message.Replace("temperature 1", ""), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("use labels", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnknownLoss_IsAProblemThatNamesTheNearest()
    {
        using var host = new ClientHost(service);
        var refused = await Assert.ThrowsAsync<LossProblemException>(
            () => host.Client.ScoreAsync("cross/entropy", SmallBatch.Create(), Cancellation));
        Assert.Equal((404, "unknown-loss"), (refused.Problem.Status, refused.Problem.Type));
        Assert.Contains("cross_entropy", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TooLargeABatch_NamesTheLimit()
    {
        using var small = new TestService(host => host.UseSetting("Limits:BodyBytes", "2048"));
        using var client = new ClientHost(small);
        var batch = SmallBatch.Create();
        batch.Logits = LossTensor.Of(new float[600], 2, 300);
        var refused = await Assert.ThrowsAsync<LossProblemException>(
            () => client.Client.ScoreAsync(LossNames.CrossEntropy, batch, Cancellation));
        Assert.Equal((413, 2048), (refused.Problem.Status, refused.Problem.LimitBytes));
    }

    [Fact]
    public async Task Key_IsSentByTheHttpClientsHeaders()
    {
        using var keyed = new AccessTests.KeyService();
        using var anonymous = new ClientHost(keyed.Whole);
        var refused = await Assert.ThrowsAsync<LossProblemException>(
            () => anonymous.Client.ScoreAsync(LossNames.CrossEntropy, SmallBatch.Create(), Cancellation));
        Assert.Equal((401, "unauthorized"), (refused.Problem.Status, refused.Problem.Type));

        using var known = new ClientHost(keyed.Whole, builder => builder.ConfigureHttpClient(http =>
            http.DefaultRequestHeaders.Authorization = new("Bearer", AccessTests.KeyService.Scorer)));
        Assert.Equal(SmallBatch.Loss,
            (await known.Client.ScoreAsync(LossNames.CrossEntropy, SmallBatch.Create(), Cancellation)).Loss!.Value, 1e-7);
    }

    [Fact]
    public async Task AnotherServersAnswer_IsAProblemWithItsText()
    {
        var proxy = new Interposed((_, _) => Interposed.Answer(HttpStatusCode.BadGateway, "<html>no upstream</html>"));
        using var host = new ClientHost(service, proxy.AddTo);
        var refused = await Assert.ThrowsAsync<LossProblemException>(
            () => host.Client.ScoreAsync(LossNames.CrossEntropy, SmallBatch.Create(), Cancellation));
        Assert.Equal("Bad Gateway: <html>no upstream</html> (502 about:blank)", refused.Message);
        Assert.Equal(1, proxy.Requests);
    }

    [Fact]
    public async Task AnAnswerOfAnotherKind_IsNoScore()
    {
        var proxy = new Interposed((_, _) => Interposed.Answer(HttpStatusCode.OK, "hello"));
        using var host = new ClientHost(service, proxy.AddTo);
        var refused = await Assert.ThrowsAsync<HttpRequestException>(
            () => host.Client.ScoreAsync(LossNames.CrossEntropy, SmallBatch.Create(), Cancellation));
        Assert.Equal("the answer is not one of LossService: it has no header Inference-Header-Content-Length", refused.Message);
    }

    [Fact]
    public async Task AnOutputThatWasNotAskedFor_IsAnError()
    {
        using var host = new ClientHost(service);
        var batch = SmallBatch.Create();
        batch.Outputs = LossOutputs.Default;
        var scores = await host.Client.ScoreAsync(LossNames.CrossEntropy, batch, Cancellation);
        Assert.Equal(SmallBatch.Loss, scores.Loss!.Value, 1e-7);
        Assert.Contains("LossOutputs.Gradient", Assert.Throws<InvalidOperationException>(() => scores.Gradient).Message,
            StringComparison.Ordinal);
    }

    private async Task<LossProblemException> RefuseAsync(LossBatch batch)
    {
        using var host = new ClientHost(service);
        return await Assert.ThrowsAsync<LossProblemException>(
            () => host.Client.ScoreAsync(LossNames.CrossEntropy, batch, Cancellation));
    }
}
