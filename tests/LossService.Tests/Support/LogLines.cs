using System.Collections.Concurrent;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
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

    /// <summary>Takes the place of a service's log, from Information on.</summary>
    public void Attach(IWebHostBuilder host) => host.ConfigureTestServices(services => services
        .AddSingleton<ILogger>(new LoggerConfiguration().MinimumLevel.Information().WriteTo.Sink(this).CreateLogger()));

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

    /// <summary>Whether there is no line left.</summary>
    public bool IsEmpty => _events.Count == 0;

    /// <inheritdoc/>
    public void Emit(LogEvent logEvent) => _events.Add(logEvent);

    /// <summary>Takes the next line, when it is there; a line is written once its answer is out.</summary>
    public Task<LogEvent> NextAsync() =>
        Task.Run(() => _events.Take(TestContext.Current.CancellationToken)).WaitAsync(TimeSpan.FromSeconds(30));
}
