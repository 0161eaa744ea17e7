using System.Collections.Concurrent;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace LossService.Tests.Support;

/// <summary>The log of a service, line by line.</summary>
internal sealed class LogLines : ILogEventSink
{
    private readonly BlockingCollection<LogEvent> _events = [];

    /// <summary>A logger that writes here, from Debug on.</summary>
    public ILogger ToLogger() => new LoggerConfiguration().MinimumLevel.Debug().WriteTo.Sink(this).CreateLogger();

    /// <summary>The lines so far that nobody took.</summary>
    public IReadOnlyCollection<LogEvent> All => [.. _events];

    /// <inheritdoc/>
    public void Emit(LogEvent logEvent) => _events.Add(logEvent);

    /// <summary>Takes the next line, when it is there.</summary>
    public Task<LogEvent> NextAsync() =>
        Task.Run(() => _events.Take(TestContext.Current.CancellationToken)).WaitAsync(TimeSpan.FromSeconds(30));
}
