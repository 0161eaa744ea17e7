using System.Diagnostics;
using LossService.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace LossService.Tests.Http;

/// <summary>A stream waits for its turn with nothing left to send, and gives it back wherever it waits for its client.</summary>
public sealed class StreamTurnTests : IDisposable
{
    private readonly Admission _admission = new(Options.Create(new Limits { StallSeconds = 1 }));
    private readonly MemoryStream _sent = new();
    private readonly HeldResponse _response;

    public StreamTurnTests() => _response = new(new DefaultHttpContext { Response = { Body = _sent } }, _admission);

    [Fact]
    public async Task Enter_WhileOthersHaveAllTurns_SendsWhatIsWritten_AndWaits()
    {
        var taken = TakeAll();
        await _response.WriteAsync(new byte[100], TestContext.Current.CancellationToken);
        var entering = EnterAsync(100);
        while (_sent.Length < 100) await Task.Delay(1, TestContext.Current.CancellationToken);
        Assert.False(entering.IsCompleted);

        _admission.SmallTurns.End();
        await entering.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(0, TakeAll());
        _response.Turn.End();
        Assert.Equal(1, TakeAll());
        Assert.Equal(2 * Environment.ProcessorCount, taken);
    }

    [Fact]
    public async Task Turn_ThatHasLastedLong_GoesToWhoeverWaits()
    {
        await EnterAsync(100);
        TakeAll();
        var next = WaitAsync();
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromMilliseconds(5)) Thread.SpinWait(10);
        Assert.False(next.IsCompleted);
        var entering = EnterAsync(100);
        await next.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.False(entering.IsCompleted);
        _admission.SmallTurns.End();
        await entering.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Turn_OfAStreamThatNeedsAPermitOrEnds_IsGivenBack()
    {
        var whole = TakeAll();
        for (var i = 0; i < whole; i++) _admission.SmallTurns.End();
        await EnterAsync(100);
        await EnterAsync(10_000_000);
        Assert.Equal(whole, TakeAll());
        _admission.SmallTurns.End();
        await EnterAsync(100);
        Assert.Equal(0, TakeAll());
        await _response.FinishAsync();
        Assert.Equal(1, TakeAll());
    }

    public void Dispose()
    {
        _response.Dispose();
        _admission.Dispose();
        _sent.Dispose();
    }

    private async Task EnterAsync(long bytes)
    {
        var entered = await _response.Turn.EnterAsync(bytes, isOfSeveral: false, TestContext.Current.CancellationToken);
        Assert.True(entered.TryGet(out var turn, out _));
        turn.Dispose();
    }

    private async Task WaitAsync() => await _admission.SmallTurns.WaitAsync();

    private int TakeAll()
    {
        var taken = 0;
        while (_admission.SmallTurns.TryTake()) taken++;
        return taken;
    }
}
