using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace LossService.Telemetry;

/// <summary>
/// Every metric of the service's own. <c>README.md</c> in this folder describes them. Without a listener nothing is held or recorded, and
/// with one nothing is allocated. What is held is recorded before the metrics are read.
/// </summary>
internal static class ServiceMeter
{
    /// <summary>The name of the meter, by which exporters subscribe to it.</summary>
    public const string Name = "LossService";

    /// <summary>The label of a loss or a format that is not in the catalogue, or not known yet when a request is refused.</summary>
    public const string Unknown = "unknown";

    /// <summary>The loss of a request that has several.</summary>
    public const string Several = "several";

    /// <summary>The name of the counter of requests.</summary>
    public const string RequestsName = "loss_requests";

    private const int Statuses = 600;

    private static readonly Meter Meter = new(Name);

    // the Prometheus exporter appends _total to the name of a counter
    private static readonly Counter<long> Requests = Meter.CreateCounter<long>(
        RequestsName, "{request}", "Requests to score a batch, by loss, format and status; each line of an NDJSON stream is one.");

    private static readonly Dictionary<string, long> SampleTotals = [];

    private static readonly Counter<long> Sheds = Meter.CreateCounter<long>(
        "loss_sheds", "{request}", "Requests, or lines, that were refused for load, time or pace, by reason.");

    private static readonly Histogram<double> Phases = Meter.CreateHistogram(
        "loss_request_seconds", "s", "Duration of the phases of a request: read, parse, compute, write.",
        advice: new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
        });

    private static readonly Histogram<long> BatchSamples = Meter.CreateHistogram(
        "loss_batch_samples", "{sample}", "Samples kept of a batch that was scored.",
        advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000] });

    private static readonly Histogram<long> BodyBytes = Meter.CreateHistogram(
        "loss_request_body_bytes", "By", "Size of a request's body, or of a line, after decompression.",
        advice: new InstrumentAdvice<long>
        {
            HistogramBucketBoundaries = [1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24, 1 << 26, 1 << 28],
        });

    private static readonly KeyValuePair<string, object?>[] PhaseLabels =
        [.. Enum.GetValues<Phase>().Select(phase => KeyValuePair.Create("phase", (object?)PhaseNames.Get(phase)))];

    private static readonly string?[] StatusLabels = new string?[Statuses];

    private static readonly HeldMeasurements<Measured> Held = new(Record);

    // observable, so that what is held is recorded before anything is read
    static ServiceMeter() => Meter.CreateObservableCounter(
        "loss_samples", ReadSamples, "{sample}", "Samples that were scored and kept, by loss.");

    /// <summary>Counts a request, or a line of a stream, once its status is known.</summary>
    /// <param name="loss">A name from the catalogue, <see cref="Several"/>, or <see cref="Unknown"/>.</param>
    /// <param name="format">A format's name, or <see cref="Unknown"/>.</param>
    /// <param name="status">The HTTP status.</param>
    public static void CountRequest(string loss, string format, int status)
    {
        if (Requests.Enabled && !OwnRequests.IsCurrent) Held.Add(new(Kind.Request, status, loss, format));
    }

    /// <summary>Counts a request that was refused for load, time or pace; null = it was not.</summary>
    public static void CountShed(string? reason)
    {
        if (reason is not null && !OwnRequests.IsCurrent) Sheds.Add(1, new KeyValuePair<string, object?>("reason", reason));
    }

    /// <summary>Counts the samples of a batch that was scored.</summary>
    public static void CountSamples(string loss, long samples)
    {
        if (BatchSamples.Enabled && !OwnRequests.IsCurrent) Held.Add(new(Kind.Samples, samples, loss));
    }

    /// <summary>Records the size of a body, or of a line.</summary>
    public static void RecordBody(long bytes)
    {
        if (BodyBytes.Enabled && !OwnRequests.IsCurrent) Held.Add(new(Kind.Body, bytes));
    }

    /// <summary>Records how long a phase took, in ticks of <see cref="Stopwatch"/>.</summary>
    public static void RecordPhase(Phase phase, long ticks)
    {
        if (Phases.Enabled && !OwnRequests.IsCurrent) Held.Add(new(Kind.Phase + (int)phase, ticks));
    }

    private static void Record(Measured measured)
    {
        var (kind, value, loss, format) = measured;
        switch (kind)
        {
            case Kind.Request:
                Requests.Add(1, new("loss", loss), new("format", format), new("status", LabelOf((int)value)));
                break;
            case Kind.Samples:
                lock (SampleTotals) CollectionsMarshal.GetValueRefOrAddDefault(SampleTotals, loss!, out _) += value;
                BatchSamples.Record(value);
                break;
            case Kind.Body:
                BodyBytes.Record(value);
                break;
            default:
                Phases.Record((double)value / Stopwatch.Frequency, PhaseLabels[kind - Kind.Phase]);
                break;
        }
    }

    /// <summary>Called before the metrics are read, so it also records what is held.</summary>
    private static IEnumerable<Measurement<long>> ReadSamples()
    {
        Held.RecordAll();
        lock (SampleTotals)
        {
            return [.. SampleTotals.Select(total =>
                new Measurement<long>(total.Value, new KeyValuePair<string, object?>("loss", total.Key)))];
        }
    }

    // made once for each status
    private static string LabelOf(int status) => StatusLabels[status] ??= status.ToString(CultureInfo.InvariantCulture);

    private enum Kind
    {
        Request,
        Samples,
        Body,

        // the first phase; the others follow
        Phase,
    }

    private readonly record struct Measured(Kind Kind, long Value, string? Loss = null, string? Format = null);
}
