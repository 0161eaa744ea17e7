using System.Collections.Concurrent;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace LossService.Tests.Support;

/// <summary>The lines that a service logs about requests.</summary>
internal sealed class LogLines : ILogEventSink
{
    private readonly BlockingCollection<LogEvent> _lines = [];

    public void Emit(LogEvent logEvent) => _lines.Add(logEvent);

    /// <summary>Takes the place of a service's log.</summary>
    public void Attach(IWebHostBuilder host) => host.ConfigureTestServices(services => services
        .AddSingleton<ILogger>(new LoggerConfiguration().MinimumLevel.Information().WriteTo.Sink(this).CreateLogger()));

    /// <summary>The next line; a line is written once its answer is out.</summary>
    public Task<LogEvent> NextAsync() =>
        Task.Run(() => _lines.Take(TestContext.Current.CancellationToken)).WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>Whether there is no line left.</summary>
    public bool IsEmpty => _lines.Count == 0;
}
