using LossService.Hosting.Warming;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;

namespace LossService.Tests.Hosting.Warming;

/// <summary>What the service does before its first request, so that this does not wait for it.</summary>
public sealed class WarmUpTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_BeforeARequest_AnswersAProbeBehindTheCounts()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        await using var app = builder.Build();
        var isCounted = false;
        var path = new TaskCompletionSource<string>();
        app.Use((context, next) =>
        {
            isCounted = true;
            return next(context);
        });
        app.UseWarmUp();
        app.Run(context =>
        {
            path.TrySetResult(context.Request.Path);
            return Task.CompletedTask;
        });
        await app.StartAsync(Cancellation);
        Assert.Equal("/livez", await path.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
        Assert.False(isCounted);
    }
}
