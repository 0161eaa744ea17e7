using LossService.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace LossService.Tests.Hosting;

/// <summary>What goes on where sockets wait.</summary>
public sealed class SocketThreadsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task UseThreadPool_OnAThreadOfItsOwn_GoesOnInThePool()
    {
        var isInPool = new TaskCompletionSource<bool>();
        var pipeline = Build(isInPool);
        new Thread(() => _ = pipeline(new DefaultHttpContext())) { IsBackground = true }.Start();
        Assert.True(await isInPool.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
    }

    [Fact]
    public async Task UseThreadPool_InThePool_GoesOnAtOnce()
    {
        var isInPool = new TaskCompletionSource<bool>();
        var pipeline = Build(isInPool);
        Assert.True(await Task.Run(() =>
        {
            _ = pipeline(new DefaultHttpContext());
            return isInPool.Task.IsCompleted;
        }, Cancellation));
    }

    private static RequestDelegate Build(TaskCompletionSource<bool> isInPool)
    {
        var app = new ApplicationBuilder(new ServiceCollection().BuildServiceProvider());
        app.UseThreadPool();
        app.Run(_ =>
        {
            isInPool.TrySetResult(Thread.CurrentThread.IsThreadPoolThread);
            return Task.CompletedTask;
        });
        return app.Build();
    }
}
