using System.Diagnostics;
using System.Runtime;
using LossService.Api;
using LossService.Hosting.Settings;
using LossService.Http;
using LossService.OpenApi;
using Microsoft.Extensions.Options;

namespace LossService.Hosting.Warming;

/// <summary>
/// Makes the runtime compile the code of requests before the service says that it is ready. The runtime compiles a method again, with what
/// it has seen of its use, when it was called some thirty times, and once more after as many; until then a request takes five times as
/// long. So requests are sent in bursts, and between two of them the compiler has the processor.
/// </summary>
/// <remarks>
/// One request at a time, and none while a client's is under way. It ends where three bursts in a row led to next to nothing, when
/// <see cref="WarmUpSettings.Seconds"/> are over, or when the service stops. Then the service is ready, whatever the outcome.
/// </remarks>
internal sealed partial class WarmUpService(
    WarmUpSettings settings, Readiness readiness, IHostApplicationLifetime lifetime, IServiceProvider services, ILogger<WarmUpService> log)
    : BackgroundService
{
    /// <summary>The calls after which the runtime compiles a method again, and two more.</summary>
    private const int Burst = 32;

    /// <summary>Fewer new methods than this are next to nothing.</summary>
    private const int Few = 10;

    /// <summary>How many bursts must have led to next to nothing.</summary>
    private const int IdleBursts = 3;

    /// <summary>
    /// How long nothing is compiled before the next burst: longer than the runtime waits before it counts calls, which is 10 ms, on one
    /// processor 100.
    /// </summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(Environment.ProcessorCount > 1 ? 30 : 120);

    /// <summary>How often the compiler and the requests of clients are looked at.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);

    /// <summary>Time for a client that did not wait for readiness: its first request would share the cores with the first burst.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(250);

    private int _underWay;

    /// <summary>Whether it is not over yet.</summary>
    public bool IsRunning => !readiness.IsWarm;

    /// <summary>Lets a client's request go before those of the warm-up.</summary>
    public async Task PassAsync(HttpContext context, RequestDelegate next)
    {
        Interlocked.Increment(ref _underWay);
        try
        {
            await next(context);
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    /// <summary>Makes the service not ready, before the server listens.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        readiness.IsWarm = false;
        return base.StartAsync(cancellationToken);
    }

    /// <summary>Waits for the server and warms up.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await WaitForServerAsync(stoppingToken);
            var start = Stopwatch.GetTimestamp();
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
            limit.CancelAfter(TimeSpan.FromSeconds(settings.Seconds));
            await RunAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await MakePagesAsync(limit.Token);
            if (!lifetime.ApplicationStopping.IsCancellationRequested) LogEnd(log, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        catch (OperationCanceledException)
        {
            // stopped before it listened
        }
        finally
        {
            readiness.IsWarm = true;
        }
    }

    private async Task WaitForServerAsync(CancellationToken cancellation)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(cancellation);
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            await Task.Delay(Grace, cancellation);
            var requests = WarmUpRequest.Create(
                services.GetRequiredService<IOptions<Limits>>(), services.GetRequiredService<ILoggerFactory>());
            await using var server = await WarmUpServer.StartAsync(services, cancellation);
            for (var idle = 0; idle < IdleBursts;)
            {
                var before = JitInfo.GetCompiledMethodCount();
                foreach (var request in requests)
                {
                    for (var i = 0; i < Burst; i++)
                    {
                        while (Volatile.Read(ref _underWay) > 0) await Task.Delay(Look, cancellation);
                        await server.SendAsync(request, cancellation);
                    }
                }
                await WaitForCompilerAsync(cancellation);
                idle = JitInfo.GetCompiledMethodCount() - before < Few ? idle + 1 : 0;
            }
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            LogFailure(log, failed);
        }
    }

    /// <summary>
    /// Makes what the first requests for the API document and for the list of losses would wait for, and beside hundreds of them a probe,
    /// too. Measured on a busy machine: 3.2 s and 0.4 s.
    /// </summary>
    private async Task MakePagesAsync(CancellationToken cancellation)
    {
        try
        {
            CataloguePages.List(services.GetRequiredService<IOptions<Limits>>().Value);
            await services.GetRequiredService<HeldDocument>().PrepareAsync(services).WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            // it goes on, and the first request waits for it
        }
        catch (Exception failed)
        {
            LogFailure(log, failed);
        }
    }

    private static async Task WaitForCompilerAsync(CancellationToken cancellation)
    {
        var (last, since) = (-1L, 0L);
        while (last < 0 || Stopwatch.GetElapsedTime(since) < Quiet)
        {
            if (JitInfo.GetCompiledMethodCount() is var compiled && compiled != last) (last, since) = (compiled, Stopwatch.GetTimestamp());
            await Task.Delay(Look, cancellation);
        }
    }

    [LoggerMessage(LogLevel.Information, "Ready after {Seconds:0.0} s of warming up")]
    private static partial void LogEnd(ILogger log, double seconds);

    [LoggerMessage(LogLevel.Warning, "Warming up failed, so the first requests take longer")]
    private static partial void LogFailure(ILogger log, Exception failed);
}
