using System.Text.Json.Nodes;
using Apache.Arrow;
using Grpc.Core;
using LossService.Core.Losses;
using LossService.Tests.Formats.Arrow;
using LossService.Tests.Formats.Numpy;
using LossService.Tests.Support;

namespace LossService.Tests.Telemetry;

/// <summary>
/// What <c>/metrics</c> counts of the requests through each door. Each test has a process of its own, because meters belong to a process.
/// </summary>
public sealed class MetricsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_ThroughEveryDoor_AreCountedByLossFormatAndStatus()
    {
        using var service = await ServiceProcess.StartAsync([], Cancellation);
        var doors = new Doors(service);
        Assert.Equal(200, (await doors.PostAsync("cross_entropy", Doors.Batch)).Status);
        Assert.Equal(422, (await doors.PostAsync("cross_entropy", "{}")).Status);
        Assert.Equal(400, (await doors.PostAsync("cross_entropy", "{")).Status);
        Assert.Equal(415, (await doors.PostAsync("cross_entropy", Doors.Batch, "text/csv")).Status);
        Assert.Equal(404, (await doors.PostAsync("cross_entropi", Doors.Batch)).Status);
        // lines that are long are scored on other threads
        var stream = $"{Doors.Batch}\n{"{}".PadRight(70_000)}\n{Doors.Batch.PadRight(70_000)}\n";
        Assert.Equal(200, (await doors.PostAsync("brier", stream, "application/x-ndjson")).Status);
        Assert.Equal(200, (await doors.InferAsync("focal")).Status);
        Assert.Equal(200, (await doors.InferBinaryAsync("focal")).Status);
        Assert.Equal(404, (await doors.InferAsync("focall")).Status);
        Assert.Equal(StatusCode.OK, await doors.CallAsync("cross_entropy", 0, 1));
        Assert.Equal(StatusCode.NotFound, await doors.CallAsync("cross_entropi", 0, 1));
        Assert.Equal(StatusCode.InvalidArgument, await doors.CallAsync("cross_entropy", 0, 7));

        var metrics = await Scrape.ReadAsync(service);
        var counted = metrics.Series.Where(series => series.Name == "loss_requests_total")
            .Select(series => $"{series.Labels["loss"]} {series.Labels["format"]} {series.Labels["status"]} {series.Value}");
        Assert.Equal(
            [
                "brier ndjson 200 2", "brier ndjson 422 1", "cross_entropy grpc 200 1", "cross_entropy grpc 400 1",
                "cross_entropy json 200 1", "cross_entropy json 400 1", "cross_entropy json 422 1", "cross_entropy unknown 415 1",
                "focal oip_binary 200 1", "focal oip_json 200 1", "unknown grpc 404 1", "unknown unknown 404 2",
            ],
            counted.Order(StringComparer.Ordinal));

        Assert.Equal((4, 4, 4), (metrics.Sum("loss_samples_total", ("loss", "brier")),
            metrics.Sum("loss_samples_total", ("loss", "cross_entropy")), metrics.Sum("loss_samples_total", ("loss", "focal"))));
        Assert.Equal((6, 12), (metrics.Sum("loss_batch_samples_count"), metrics.Sum("loss_batch_samples_sum")));
        // three of JSON, three lines, two over HTTP and three over gRPC
        Assert.Equal(11, metrics.Sum("loss_request_body_bytes_count"));
        // a line has no phase of its own in which it is read, and only what is scored is written
        Assert.Equal((8, 6), (Phase("read"), Phase("write")));
        // a call that names no loss is not parsed; what is no JSON is not computed
        Assert.Equal((10, 9), (Phase("parse"), Phase("compute")));
        Assert.InRange(metrics.Sum("loss_request_seconds_sum"), 1e-6, 60);

        double Phase(string phase) => metrics.Sum("loss_request_seconds_count", ("phase", phase));
    }

    [Fact]
    public async Task RequestsOfTheServiceItself_AreNotCounted()
    {
        using var service = await ServiceProcess.StartAsync(["WarmUp__Seconds=2"], Cancellation);
        var doors = new Doors(service);
        // the document's examples are responses
        Assert.Equal(200, (await doors.GetAsync("/swagger/v1/swagger.json")).Status);
        var statistics = JsonNode.Parse((await doors.GetAsync("/v2/models/stats")).Text)!;
        Assert.All(statistics["model_stats"]!.AsArray(), model => Assert.Equal(
            (0, 0), ((int)model!["inference_stats"]!["success"]!["count"]!, (int)model["inference_stats"]!["fail"]!["count"]!)));

        Assert.Equal(200, (await doors.PostAsync("brier", Doors.Batch)).Status);
        var metrics = await Scrape.ReadAsync(service);
        Assert.Equal((1, 2), (metrics.Sum("loss_requests_total"), metrics.Sum("loss_samples_total")));
        Assert.Equal((1, 4), (metrics.Sum("loss_request_body_bytes_count"), metrics.Sum("loss_request_seconds_count")));
        Assert.Equal(1, metrics.Sum("http_server_request_duration_seconds_count", ("http_request_method", "POST")));
    }

    [Fact]
    public async Task Batches_OfFilesAndStreams_AreCountedByTheirFormats()
    {
        using var service = await ServiceProcess.StartAsync([], Cancellation);
        var form = new MultipartFormDataContent();
        foreach (var (name, value) in NumpyClient.Good) form.Add(new ByteArrayContent((byte[])value), name, name);
        await AssertScoredAsync(form);
        (string, IArrowArray)[] batch = [ArrowClient.Logits, ArrowClient.Labels];
        (string, IArrowArray)[] wrong = [ArrowClient.Logits, ArrowClient.Column("labels", "INT64", [2], [0, 7])];
        var stream = new ByteArrayContent(ArrowClient.Write([batch, wrong, batch]));
        stream.Headers.ContentType = new(ArrowClient.MediaType);
        await AssertScoredAsync(stream);

        var metrics = await Scrape.ReadAsync(service);
        Assert.Equal(1, metrics.Sum("loss_requests_total", ("format", "numpy"), ("status", "200")));
        Assert.Equal(2, metrics.Sum("loss_requests_total", ("format", "arrow"), ("status", "200")));
        Assert.Equal(1, metrics.Sum("loss_requests_total", ("format", "arrow"), ("status", "422")));
        Assert.Equal(6, metrics.Sum("loss_samples_total"));

        async Task AssertScoredAsync(HttpContent content) => Assert.Equal(200,
            (await service.SendAsync(new(HttpMethod.Post, "/v1/losses/cross_entropy") { Content = content }, Cancellation)).Status);
    }

    [Fact]
    public async Task Metrics_OfTheServer_AreThere()
    {
        using var service = await ServiceProcess.StartAsync([], Cancellation);
        Assert.Equal(200, (await new Doors(service).PostAsync("focal", Doors.Batch)).Status);
        Assert.Equal(200, (await service.SendAsync(new(HttpMethod.Head, "/livez"), Cancellation)).Status);
        var metrics = await Scrape.ReadAsync(service);

        Assert.Equal((200, "text/plain"), (metrics.Answer.Status, metrics.Answer.ContentHeaders.ContentType?.MediaType));
        Assert.Equal(1, metrics.Sum("http_server_request_duration_seconds_count",
            ("http_route", "/v1/losses/focal"), ("http_request_method", "POST"), ("http_response_status_code", "200")));
        Assert.True(metrics.Sum("kestrel_active_connections") >= 1);
        // a request that is counted as HEAD when it starts is counted as HEAD when it ends
        Assert.Equal(0, metrics.Sum("http_server_active_requests", ("http_request_method", "HEAD")));
        Assert.Equal(1, metrics.Sum("http_server_active_requests", ("http_request_method", "GET")));
        Assert.Equal(405, (await service.SendAsync(new(HttpMethod.Post, "/metrics"), Cancellation)).Status);
    }

    /// <summary>A client that makes up names cannot make series.</summary>
    [Fact]
    public async Task Labels_WhateverIsPosted_AreFromTheCatalogue()
    {
        using var service = await ServiceProcess.StartAsync([], Cancellation);
        var doors = new Doors(service);
        for (var i = 0; i < 20; i++)
        {
            await doors.PostAsync($"made_up_{i}", Doors.Batch);
            await doors.InferAsync($"made_up_{i}");
            await doors.PostAsync("focal", Doors.Batch, $"made/up{i}");
            await doors.CallAsync($"made_up_{i}", 0, 1);
        }
        var metrics = await Scrape.ReadAsync(service);
        Assert.DoesNotContain("made_up", metrics.Answer.Text, StringComparison.Ordinal);
        var series = metrics.Series.Where(series => series.Name == "loss_requests_total").ToArray();
        Assert.Equal((3, 80), (series.Length, series.Sum(one => one.Value)));
        string[] known = ["unknown", .. LossCatalogue.All.Select(loss => loss.Name)];
        Assert.All(series, one => Assert.Contains(one.Labels["loss"], known));
    }

    [Fact]
    public async Task Telemetry_TurnedOff_LeavesTheServiceAsItIs()
    {
        using var service = await ServiceProcess.StartAsync(["OTEL_SDK_DISABLED=true"], Cancellation);
        Assert.Equal(200, (await new Doors(service).PostAsync("focal", Doors.Batch)).Status);
        Assert.Equal(404, (await service.SendAsync(new(HttpMethod.Get, "/metrics"), Cancellation)).Status);
    }
}
