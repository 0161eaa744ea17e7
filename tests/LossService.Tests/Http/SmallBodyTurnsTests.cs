using LossService.Http;
using LossService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace LossService.Tests.Http;

/// <summary>Small bodies are scored in turns, in their order, and whatever else is asked does not wait for them.</summary>
public sealed class SmallBodyTurnsTests
{
    private const string Path = "/v1/losses/cross_entropy";
    private const string Batch = """{"logits":[[1,2]],"labels":[0]}""";

    private static readonly int Limit = 2 * Environment.ProcessorCount;

    [Fact]
    public async Task Turns_ThatAreAllTaken_AreGivenOnInOrder()
    {
        var (turns, served) = (new SmallBodyTurns(), new List<int>());
        for (var i = 0; i < Limit; i++) Assert.True(turns.TryTake());
        Assert.False(turns.TryTake());
        var waiting = Enumerable.Range(0, 10).Select(WaitAsync).ToArray();
        Assert.Equal(10, turns.Count);
        Assert.Empty(served);

        turns.End();
        await Task.WhenAll(waiting).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(0, 10), served);
        Assert.True(turns.TryTake());
        Assert.False(turns.TryTake());

        async Task WaitAsync(int number)
        {
            await turns.WaitAsync();
            served.Add(number);
            turns.End();
        }
    }

    [Fact]
    public async Task Turns_OfManyThreads_AreNeverMoreThanTheLimit_AndNobodyIsForgotten()
    {
        var (turns, running, most) = (new SmallBodyTurns(), 0, 0);
        var all = Enumerable.Range(0, 20_000).Select(_ => Task.Run(async () =>
        {
            if (!turns.TryTake()) await turns.WaitAsync();
            var now = Interlocked.Increment(ref running);
            for (var seen = most; now > seen; seen = most) Interlocked.CompareExchange(ref most, now, seen);
            Thread.SpinWait(50);
            Interlocked.Decrement(ref running);
            turns.End();
        }, TestContext.Current.CancellationToken));
        await Task.WhenAll(all).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.InRange(most, 1, Limit);
        Assert.Equal(0, turns.Count);
    }

    [Fact]
    public async Task Body_ThatIsSmall_WaitsForItsTurn_AndAllElseIsAnswered()
    {
        using var service = new TestService(host => host.UseSetting("Limits:ComputePermits", "1"));
        var turns = service.Services.GetRequiredService<Admission>().SmallTurns;
        for (var i = 0; i < Limit; i++) Assert.True(turns.TryTake());
        var waiting = service.PostAsync(Path, Batch);
        while (turns.Count == 0) await Task.Delay(10, TestContext.Current.CancellationToken);

        Assert.Equal(200, (await service.SendAsync(new(HttpMethod.Get, "/livez"))).Status);
        Assert.Equal(200, (await service.SendAsync(new(HttpMethod.Get, "/v1/losses"))).Status);
        // they need a permit instead, also the one of several losses
        Assert.Equal(200, (await service.PostAsync(Path, Batch.PadRight(100_000))).Status);
        Assert.Equal(200, (await service.PostAsync("/v1/losses",
            """{"logits":[[1,2]],"labels":[0],"losses":{"cross_entropy":{}}}""".PadRight(10_000))).Status);
        Assert.False(waiting.IsCompleted);

        turns.End();
        Assert.Equal(200, (await waiting).Status);
    }
}
