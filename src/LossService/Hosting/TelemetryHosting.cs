using System.Diagnostics.Metrics;
using LossService.Core.Tensors;
using LossService.Http;
using LossService.Telemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace LossService.Hosting;

/// <summary>
/// OpenTelemetry: metrics for Prometheus at <c>/metrics</c>, and metrics and traces by OTLP where the standard variables
/// (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c> and the like) name a collector.
/// </summary>
internal static class TelemetryHosting
{
    private const string Path = "/metrics";

    private const string Runtime = "System.Runtime";

    // the ending _count belongs to histograms in Prometheus, whose promtool refuses these
    private static readonly string[] Misnamed = ["dotnet.assembly.count", "dotnet.process.cpu.count", "dotnet.timer.count"];

    // the SDK takes memory for 2,000 combinations of labels ahead, for each of some twenty instruments of the runtime 160 KB, which made
    // the collector run during the start; the most that one has are the types of exceptions
    private static readonly MetricStreamConfiguration FewLabels = new() { CardinalityLimit = 200 };

    /// <summary>Subscribes the exporters to the meters and, where traces are exported, to the sources of spans.</summary>
    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<HttpMeter>();
        if (IsDisabled(builder.Configuration)) return;
        var telemetry = builder.Services.AddOpenTelemetry().ConfigureResource(Describe);
        telemetry.WithMetrics(metrics =>
        {
            Subscribe(metrics);
            metrics.AddPrometheusExporter(prometheus => prometheus.ScopeInfoEnabled = false);
            if (IsExported(builder.Configuration, "METRICS")) metrics.AddOtlpExporter();
        });
        // with a listener the server makes an activity for each request
        if (IsExported(builder.Configuration, "TRACES"))
            telemetry.WithTracing(traces => traces.AddAspNetCoreInstrumentation().AddSource(PhaseSpans.SourceName).AddOtlpExporter());
    }

    /// <summary>Subscribes a provider to every meter that is exported.</summary>
    internal static void Subscribe(MeterProviderBuilder metrics)
    {
        // not Microsoft.AspNetCore.Hosting, whose instruments HttpMeter has
        metrics.AddMeter(ServiceMeter.Name, "Microsoft.AspNetCore.Server.Kestrel", Runtime);
        metrics.AddView(instrument => instrument.Meter.Name != Runtime ? null
            : Misnamed.Contains(instrument.Name) ? MetricStreamConfiguration.Drop : FewLabels);
    }

    /// <summary>
    /// Makes the collector of metrics in the background, while the routes are mapped: it takes a tenth of the start. Whoever asks for it,
    /// as the host does before it takes requests, waits until it is made.
    /// </summary>
    public static void UseTelemetry(this WebApplication app)
    {
        if (!IsDisabled(app.Configuration)) Task.Run(() => app.Services.GetService<MeterProvider>());
    }

    /// <summary>Maps <c>/metrics</c>.</summary>
    public static void MapMetrics(this WebApplication app)
    {
        if (IsDisabled(app.Configuration)) return;
        Observe(
            app.Services.GetRequiredService<IMeterFactory>().Create(ServiceMeter.Name), app.Services.GetRequiredService<Admission>(),
            app.Services.GetRequiredService<ReceivePool>().Memory);
        app.MapPrometheusScrapingEndpoint(Path).WithMetadata(new HttpMethodMetadata([HttpMethods.Get]));
    }

    /// <summary>What is in use of what all requests share, read when the metrics are.</summary>
    private static void Observe(Meter meter, Admission admission, MemoryBudget connections)
    {
        (string Name, MemoryBudget Budget)[] memory =
            [("native", admission.Memory), ("grpc", admission.GrpcMemory), ("connections", connections)];
        IEnumerable<Measurement<long>> Measure(Func<MemoryBudget, long> bytes) => memory.Select(part =>
            new Measurement<long>(bytes(part.Budget), new KeyValuePair<string, object?>("memory", part.Name)));
        meter.CreateObservableGauge(
            "loss_memory_used_bytes",
            () => Measure(budget => budget.Used),
            "By", "Memory of the budget in use.");
        meter.CreateObservableGauge(
            "loss_memory_limit_bytes",
            () => Measure(budget => budget.Limit),
            "By", "Memory of the budget.");
        meter.CreateObservableGauge(
            "loss_compute_permits", () => (long)admission.Limits.ComputePermits, "{permit}", "Permits to compute.");
        meter.CreateObservableGauge(
            "loss_compute_permits_free", () => admission.Permits.CurrentAvailablePermits, "{permit}", "Permits that are free.");
        meter.CreateObservableGauge(
            "loss_compute_queue", () => admission.Permits.CurrentQueuedCount, "{request}", "Requests that wait for a permit.");
        meter.CreateObservableGauge(
            "loss_small_queue", () => (long)admission.SmallTurns.Count, "{request}",
            "Small requests, and small lines of streams, that wait for their turn.");
    }

    private static bool IsDisabled(IConfiguration configuration) =>
        string.Equals(configuration["OTEL_SDK_DISABLED"], "true", StringComparison.OrdinalIgnoreCase);

    private static bool IsExported(ConfigurationManager configuration, string signal) =>
        configuration[$"OTEL_{signal}_EXPORTER"] is null or "otlp"
        && !string.IsNullOrEmpty(configuration[$"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"] ?? configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);

    /// <summary>The service's name and version; <c>OTEL_SERVICE_NAME</c> and <c>OTEL_RESOURCE_ATTRIBUTES</c> come first.</summary>
    private static void Describe(ResourceBuilder resource) => resource.Clear()
        .AddService(ServiceMeter.Name, serviceVersion: typeof(TelemetryHosting).Assembly.GetName().Version!.ToString(3))
        .AddTelemetrySdk()
        .AddEnvironmentVariableDetector();
}
