using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Extensions.Logging;
using ILogger = Serilog.ILogger;

namespace LossService.Tests.Support;

/// <summary>The log of a service, line by line.</summary>
internal sealed class LogLines : ILogEventSink
{
    private readonly BlockingCollection<LogEvent> _events = [];

    /// <summary>A logger that writes here, from Debug on.</summary>
    public ILogger ToLogger() => new LoggerConfiguration().MinimumLevel.Debug().WriteTo.Sink(this).CreateLogger();

    /// <summary>Writes here what every part of a service logs, but what the service turns off.</summary>
    public void Replace(IServiceCollection services)
    {
        var logger = new LoggerConfiguration().MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LevelAlias.Off)
            .MinimumLevel.Override("Grpc.AspNetCore.Server.ServerCallHandler", LevelAlias.Off)
            .WriteTo.Sink(this).CreateLogger();
        services.AddSingleton<ILogger>(logger).AddSingleton<ILoggerFactory>(new SerilogLoggerFactory(logger));
    }

    /// <summary>The lines so far that nobody took.</summary>
    public IReadOnlyCollection<LogEvent> All => [.. _events];

    /// <inheritdoc/>
    public void Emit(LogEvent logEvent) => _events.Add(logEvent);

    /// <summary>Takes the next line, when it is there.</summary>
    public Task<LogEvent> NextAsync() =>
        Task.Run(() => _events.Take(TestContext.Current.CancellationToken)).WaitAsync(TimeSpan.FromSeconds(30));
}
