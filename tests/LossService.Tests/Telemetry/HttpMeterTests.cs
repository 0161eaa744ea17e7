using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net.Http.Headers;
using Grpc.Core;
using LossService.Formats.OpenInference.Grpc;
using LossService.Telemetry;
using LossService.Tests.Formats.OpenInference;
using LossService.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RequestDecompression;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace LossService.Tests.Telemetry;

/// <summary>
/// The service's instruments of HTTP beside those of ASP.NET Core, which a listener turns on: one process, the same requests.
/// </summary>
public sealed class HttpMeterTests : IDisposable
{
    private const string Framework = "Microsoft.AspNetCore.Hosting";
    private const string Batch = """{"logits":[[1,2],[0,1]],"labels":[0,1]}""";

    private const string Post = "POST /v1/losses/focal HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TestService _service = new(host => host
        .UseSetting("Limits:BodyBytes", "1048576").UseSetting("AllowedHosts", "localhost;127.0.0.1")
        .ConfigureTestServices(services => services.AddSingleton<IRequestDecompressionProvider, Fault>()));

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, Instrument> _instruments = new();
    private readonly ConcurrentDictionary<string, ConcurrentBag<string>> _durations = new();
    private readonly ConcurrentDictionary<(string Meter, string Labels), long> _active = new();

    public HttpMeterTests()
    {
        // meters of this host alone; other tests have theirs
        var scope = _service.Services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope != scope || instrument.Name is not (HttpMeter.DurationName or HttpMeter.ActiveName)) return;
            _instruments[$"{instrument.Meter.Name} {instrument.Name}"] = instrument;
            listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<double>((instrument, seconds, labels, _) =>
        {
            Assert.InRange(seconds, 1e-9, 60);
            _durations.GetOrAdd(instrument.Meter.Name, _ => []).Add(Describe(labels));
        });
        _listener.SetMeasurementEventCallback<long>((instrument, value, labels, _) => _active.AddOrUpdate(
            (instrument.Meter.Name, Describe(labels)), value, (_, sum) => instrument.IsObservable ? value : sum + value));
        _listener.Start();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _service.Dispose();
    }

    [Fact]
    public void Instruments_AreThoseOfTheFramework()
    {
        Histogram<double> Duration(string meter) => (Histogram<double>)_instruments[$"{meter} {HttpMeter.DurationName}"];
        var (theirs, ours) = (Duration(Framework), Duration(ServiceMeter.Name));
        Assert.Equal((theirs.Unit, theirs.Description), (ours.Unit, ours.Description));
        Assert.Equal(theirs.Advice!.HistogramBucketBoundaries, ours.Advice!.HistogramBucketBoundaries);
        Instrument Active(string meter) => _instruments[$"{meter} {HttpMeter.ActiveName}"];
        Assert.Equal((Active(Framework).Unit, Active(Framework).Description),
            (Active(ServiceMeter.Name).Unit, Active(ServiceMeter.Name).Description));
    }

    [Fact]
    public async Task Requests_OfEveryKind_HaveTheLabelsOfTheFramework()
    {
        var requests = 0;
        foreach (var (method, path, body, expected) in (IEnumerable<(string, string, string?, int)>)
        [
            ("GET", "/", null, 200), ("GET", "/livez", null, 200), ("HEAD", "/livez", null, 200), ("get", "/livez", null, 200),
            ("GET", "/v1/losses/focal", null, 200), ("GET", "/v2/models/focal", null, 200), ("GET", "/metrics", null, 200),
            ("GET", "/swagger/index.html", null, 200),
            ("GET", "/nowhere", null, 404), ("POST", "/nowhere", Batch, 404), ("GET", "/v1/losses/focall", null, 404),
            ("DELETE", "/livez", null, 405), ("BREW", "/livez", null, 405), ("QUERY", "/livez", null, 405),
            ("OPTIONS", "/livez", null, 405),
            ("POST", "/v1/losses/focal", Batch, 200), ("POST", "/v1/losses/focal", "{", 400), ("POST", "/v1/losses/focal", "{}", 422),
            ("POST", "/v1/losses/focal", new string(' ', 1 << 21), 413), ("POST", "/v1/losses", "{}", 422),
            ("POST", "/v2/models/focal/infer", "{}", 422), ("POST", "/v1/losses/focal", Fault.Word, 500),
        ])
        {
            var request = new HttpRequestMessage(new(method), path);
            if (body is not null) request.Content = new StringContent(body, new MediaTypeHeaderValue("application/json"));
            if (body == Fault.Word) request.Content!.Headers.ContentEncoding.Add(Fault.Word);
            var answer = await _service.SendAsync(request);
            Assert.True(answer.Status == expected, $"{method} {path}: {answer.Status}");
            requests++;
        }

        foreach (var text in (string[])
        [
            "GET /livez HTTP/1.0\r\n\r\n", "GET /livez HTTP/1.1\r\nHost: elsewhere\r\nConnection: close\r\n\r\n",
            // broken framing, which is found while the body is read
            $"{Post}Transfer-Encoding: chunked\r\n\r\nx\r\n",
        ])
        {
            Assert.NotNull(await RawClient.ExchangeAsync(_service.Address, text));
            requests++;
        }

        var model = new ModelInferRequest { ModelName = "focal" };
        foreach (var name in (string[])["ServerLive", "ModelInfer", "Nothing"])
        {
            try
            {
                await OipClient.CallAsync<ModelInferRequest, ModelInferResponse>(_service.Channel, name, model, []);
            }
            catch (RpcException refused)
            {
                Assert.NotEqual(StatusCode.Unavailable, refused.StatusCode);
            }
            requests++;
        }

        using (var gone = new RawClient(_service.Address))
        {
            await gone.SendAsync($"{Post}Content-Length: 90\r\n\r\n[");
            await WaitAsync(() => _active.Any(count => count.Key.Meter == Framework && count.Value > 0));
            Assert.Equal(string.Join('\n', Active(Framework)), string.Join('\n', Active(ServiceMeter.Name)));
            gone.Reset();
            requests++;
        }

        await WaitAsync(() => _durations.Count == 2 && _durations.Values.All(durations => durations.Count >= requests));
        Assert.Equal(requests, _durations[ServiceMeter.Name].Count);
        Assert.Equal(_durations[Framework].Order(StringComparer.Ordinal), _durations[ServiceMeter.Name].Order(StringComparer.Ordinal));
        Assert.Equal(string.Join('\n', Active(Framework)), string.Join('\n', Active(ServiceMeter.Name)));
        Assert.All(_active.Values, count => Assert.Equal(0, count));

        IEnumerable<string> Active(string meter) => _active.Where(count => count.Key.Meter == meter)
            .Select(count => $"{count.Key.Labels}: {count.Value}").Order(StringComparer.Ordinal);
    }

    private async Task WaitAsync(Func<bool> isDone)
    {
        var start = TimeProvider.System.GetTimestamp();
        do
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
            _listener.RecordObservableInstruments();
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, "the requests are not counted");
        } while (!isDone());
    }

    /// <summary>The labels in a given order, with the types of their values.</summary>
    private static string Describe(ReadOnlySpan<KeyValuePair<string, object?>> labels) =>
        string.Join(", ", labels.ToArray().Select(label => $"{label.Key}={label.Value} {label.Value?.GetType().Name}")
            .Order(StringComparer.Ordinal));

    /// <summary>A part that fails for one coding of bodies.</summary>
    private sealed class Fault : IRequestDecompressionProvider
    {
        public const string Word = "fault";

        public Stream? GetDecompressionStream(HttpContext context) =>
            context.Request.Headers.ContentEncoding == Word ? throw new InvalidOperationException("a fault") : null;
    }
}
