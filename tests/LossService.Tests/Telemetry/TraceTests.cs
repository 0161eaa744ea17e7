using System.Diagnostics;
using Grpc.Core;
using LossService.Tests.Support;

namespace LossService.Tests.Telemetry;

/// <summary>Traces and metrics as a collector gets them by OTLP, from a process that the standard variables point to it.</summary>
public sealed class TraceTests
{
    private const string Client = "b7ad6b7169203331";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Trace_OfTheClient_GoesOnThroughEveryDoor()
    {
        using var collector = new OtlpCollector();
        using var service = await StartAsync(collector);
        // a trace has no spans of the document's examples, which are made meanwhile
        Assert.Equal(200, (await Posting(6).GetAsync("/swagger/v1/swagger.json")).Status);
        Assert.Equal(200, (await Posting(1).PostAsync("focal", Doors.Batch)).Status);
        // a line that is long is scored on another thread
        var stream = $"{Doors.Batch}\n{Doors.Batch.PadRight(70_000)}\n";
        Assert.Equal(200, (await Posting(2).PostAsync("focal", stream, "application/x-ndjson")).Status);
        Assert.Equal(200, (await Posting(3).InferAsync("focal")).Status);
        Assert.Equal(StatusCode.OK, await Posting(4).CallAsync("cross_entropy", 0, 1));
        Assert.Equal(422, (await Posting(5).PostAsync("focal", "{}")).Status);

        await AssertSpansAsync(1, "POST /v1/losses/focal", "read", "parse", "compute", "write");
        await AssertSpansAsync(2, "POST /v1/losses/focal", "parse", "compute", "write", "parse", "compute", "write");
        await AssertSpansAsync(3, "POST /v2/models/{model}/infer", "read", "parse", "compute", "write");
        await AssertSpansAsync(4, "POST /inference.GRPCInferenceService/ModelInfer", "read", "parse", "compute", "write");
        await AssertSpansAsync(5, "POST /v1/losses/focal", "read", "parse", "compute");

        await AssertSpansAsync(6, "GET");

        // the line of the refused request
        await WaitAsync(() => service.Lines.Any(line => line.Contains($"\"@tr\":\"{Trace(5)}\"", StringComparison.Ordinal)));

        Doors Posting(int trace) => new(service, $"00-{Trace(trace)}-{Client}-01");

        async Task AssertSpansAsync(int trace, string request, params string[] phases)
        {
            await WaitAsync(() => Spans().Length > phases.Length);
            var spans = Spans();
            var root = Assert.Single(spans, span => span.Parent == Client);
            Assert.Equal(request, root.Name);
            var children = spans.Where(span => span != root).ToArray();
            Assert.All(children, span => Assert.Equal(root.Id, span.Parent));
            Assert.Equal(phases.Order(), children.Select(span => span.Name).Order());

            OtlpCollector.Span[] Spans() => [.. collector.Spans.Where(span => span.Trace == Trace(trace))];
        }
    }

    [Fact]
    public async Task Trace_NotSampled_IsNotExported()
    {
        using var collector = new OtlpCollector();
        using var service = await StartAsync(collector);
        Assert.Equal(200, (await new Doors(service, $"00-{Trace(1)}-{Client}-00").PostAsync("focal", Doors.Batch)).Status);
        Assert.Equal(200, (await new Doors(service, $"00-{Trace(2)}-{Client}-01").PostAsync("focal", Doors.Batch)).Status);
        await WaitAsync(() => collector.Spans.Count(span => span.Trace == Trace(2)) == 5);
        Assert.DoesNotContain(collector.Spans, span => span.Trace == Trace(1));
    }

    [Fact]
    public async Task Stream_OfManyLines_HasSpansForItsFirst100Only()
    {
        using var collector = new OtlpCollector();
        using var service = await StartAsync(collector);
        var lines = string.Concat(Enumerable.Repeat(Doors.Batch + "\n", 150));
        var doors = new Doors(service, $"00-{Trace(1)}-{Client}-01");
        Assert.Equal(200, (await doors.PostAsync("focal", lines, "application/x-ndjson")).Status);
        await WaitAsync(() => collector.Spans.Any(span => span.Parent == Client));
        Assert.Equal(301, collector.Spans.Count(span => span.Trace == Trace(1)));
    }

    [Fact]
    public async Task Metrics_WithACollector_AreExported()
    {
        using var collector = new OtlpCollector();
        using var service = await StartAsync(collector);
        Assert.Equal(200, (await new Doors(service).PostAsync("focal", Doors.Batch)).Status);
        await WaitAsync(() => collector.Metrics.Any(body => body.AsSpan().IndexOf("loss_requests"u8) >= 0));
        Assert.Contains(collector.Metrics, body => body.AsSpan().IndexOf("LossService"u8) >= 0);
    }

    private static Task<ServiceProcess> StartAsync(OtlpCollector collector) => ServiceProcess.StartAsync(
        [
            $"OTEL_EXPORTER_OTLP_ENDPOINT={collector.Endpoint}", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
            "OTEL_BSP_SCHEDULE_DELAY=100", "OTEL_METRIC_EXPORT_INTERVAL=500",
        ], Cancellation);

    private static string Trace(int number) => $"0af7651916cd43dd8448eb211c80319{number}";

    private static async Task WaitAsync(Func<bool> isDone)
    {
        var waited = Stopwatch.StartNew();
        while (!isDone())
        {
            Assert.True(waited.Elapsed < Patience, "the collector never got it");
            await Task.Delay(50, Cancellation);
        }
    }
}
