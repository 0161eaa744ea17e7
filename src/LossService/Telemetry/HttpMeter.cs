using System.Collections.Frozen;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Metadata;

namespace LossService.Telemetry;

/// <summary>
/// Times and counts every HTTP request by the two instruments of ASP.NET Core's meter <c>Microsoft.AspNetCore.Hosting</c>, with their
/// names, labels and boundaries. With a listener to that meter, the framework prepares features, a dictionary and labels for each request,
/// which takes several times as long. Without a listener nothing is counted or held.
/// </summary>
internal sealed class HttpMeter
{
    /// <summary>The name of the histogram of durations.</summary>
    public const string DurationName = "http.server.request.duration";

    /// <summary>The name of the number of requests under way.</summary>
    public const string ActiveName = "http.server.active_requests";

    /// <summary>Where the framework says that no endpoint and no middleware answered a request.</summary>
    private const string UnhandledItem = "__RequestUnhandled";

    private const string Other = "_OTHER";

    private static readonly string[] Methods =
    [
        HttpMethods.Connect, HttpMethods.Delete, HttpMethods.Get, HttpMethods.Head, HttpMethods.Options, HttpMethods.Patch,
        HttpMethods.Post, HttpMethods.Put, HttpMethods.Trace, Other,
    ];

    /// <summary>The methods over HTTP, and then those over HTTPS.</summary>
    private static readonly int Kinds = 2 * Methods.Length;

    private static readonly FrozenDictionary<string, int> Indices =
        Methods.Index().ToFrozenDictionary(method => method.Item, method => method.Index, StringComparer.OrdinalIgnoreCase);

    private static readonly object True = true;

    private readonly Histogram<double> _duration;
    private readonly HeldMeasurements<Ended> _held;

    // begun less ended, for each core apart: one number for all would be in the cache of another core each time
    private readonly long[][] _active = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new long[Kinds])];
    private readonly bool[] _isKnown = new bool[Kinds];

    /// <summary>Makes the instruments.</summary>
    public HttpMeter(IMeterFactory meters)
    {
        var meter = meters.Create(ServiceMeter.Name);
        _duration = meter.CreateHistogram(
            DurationName, "s", "Duration of HTTP server requests.",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
            });
        _held = new(Record);
        // observable, so that what is held is recorded before anything is read
        meter.CreateObservableUpDownCounter(ActiveName, ReadActive, "{request}", "Number of active HTTP server requests.");
    }

    /// <summary>Counts a request that begins.</summary>
    /// <returns>What <see cref="End"/> takes; null where nothing listens.</returns>
    public int? Begin(HttpRequest request)
    {
        if (!_duration.Enabled) return null;
        var kind = KindOf(request);
        if (!_isKnown[kind]) _isKnown[kind] = true;
        Interlocked.Increment(ref ActiveHere(kind));
        return kind;
    }

    /// <summary>Counts and times a request that ends.</summary>
    /// <param name="begun">What <see cref="Begin"/> returned.</param>
    /// <param name="context">The request.</param>
    /// <param name="ticks">How long it took, in ticks of <see cref="Stopwatch"/>.</param>
    /// <param name="failure">The exception that ends it; null = none does.</param>
    public void End(int? begun, HttpContext context, long ticks, Exception? failure)
    {
        if (begun is not { } kind) return;
        Interlocked.Decrement(ref ActiveHere(kind));
        var endpoint = context.GetEndpoint();
        // the exception handler takes the endpoint away
        var handled = endpoint is null ? context.Features.Get<IExceptionHandlerFeature>() : null;
        var status = FindStatus(context, failure);
        _held.Add(new(
            kind, status, ticks, context.Request.Protocol, endpoint ?? handled?.Endpoint, (failure ?? handled?.Error)?.GetType(),
            status == StatusCodes.Status404NotFound && context.Items.ContainsKey(UnhandledItem)));
    }

    /// <summary>The status that the server will set where there is no response yet.</summary>
    private static int FindStatus(HttpContext context, Exception? failure) =>
        context.Response.HasStarted ? context.Response.StatusCode
        : context.RequestAborted.IsCancellationRequested ? StatusCodes.Status499ClientClosedRequest
        : failure is BadHttpRequestException bad ? bad.StatusCode
        : failure is not null ? StatusCodes.Status500InternalServerError
        : context.Response.StatusCode;

    private ref long ActiveHere(int kind) => ref _active[Thread.GetCurrentProcessorId() % _active.Length][kind];

    // the scheme may be what a proxy says, if the host is told to trust it: any text
    private static int KindOf(HttpRequest request) =>
        (request.IsHttps ? Methods.Length : 0) + (Indices.TryGetValue(request.Method, out var index) ? index : Methods.Length - 1);

    private static KeyValuePair<string, object?> MethodLabel(int kind) => new("http.request.method", Methods[kind % Methods.Length]);

    private static KeyValuePair<string, object?> SchemeLabel(int kind) => new("url.scheme", kind < Methods.Length ? "http" : "https");

    private void Record(ReadOnlySpan<Ended> requests)
    {
        foreach (ref readonly var request in requests) Record(request);
    }

    private void Record(in Ended request)
    {
        var labels = new TagList
        {
            SchemeLabel(request.Kind), MethodLabel(request.Kind), { "http.response.status_code", StatusLabels.Number(request.Status) },
        };
        if (FindVersion(request.Protocol) is { } version) labels.Add("network.protocol.version", version);
        if (request.IsUnhandled) labels.Add("aspnetcore.request.is_unhandled", True);
        if (request.Endpoint?.Metadata.GetMetadata<IRouteDiagnosticsMetadata>()?.Route is { } route)
            labels.Add("http.route", route.Length == 0 ? "/" : route);
        if (request.Error is { } error) labels.Add("error.type", error.FullName);
        else if (request.Status >= StatusCodes.Status500InternalServerError) labels.Add("error.type", StatusLabels.Text(request.Status));
        _duration.Record((double)request.Ticks / Stopwatch.Frequency, labels);
    }

    private static string? FindVersion(string protocol) =>
        HttpProtocol.IsHttp11(protocol) ? "1.1" : HttpProtocol.IsHttp2(protocol) ? "2" : HttpProtocol.IsHttp3(protocol) ? "3"
        : HttpProtocol.IsHttp10(protocol) ? "1.0" : null;

    /// <summary>Called before the metrics are read, so it also records what is held.</summary>
    private IEnumerable<Measurement<long>> ReadActive()
    {
        _held.RecordAll();
        return [.. Enumerable.Range(0, Kinds).Where(kind => _isKnown[kind]).Select(kind =>
            new Measurement<long>(_active.Sum(core => Volatile.Read(ref core[kind])), SchemeLabel(kind), MethodLabel(kind)))];
    }

    private readonly record struct Ended(
        int Kind, int Status, long Ticks, string Protocol, Endpoint? Endpoint, Type? Error, bool IsUnhandled);
}
