using System.Diagnostics;
using System.Diagnostics.Metrics;
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

    private static readonly Meter Meter = new(Name);

    private static readonly Lock Totals = new();
    private static readonly Dictionary<(string Loss, string Format, int Status), long> RequestTotals = [];
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

    private static readonly HeldMeasurements<Measured> Held = new(Record);

    // observable, so that what is held is recorded before anything is read; the Prometheus exporter appends _total to the names
    static ServiceMeter()
    {
        Meter.CreateObservableCounter(
            RequestsName, ReadRequests, "{request}",
            "Requests to score a batch, by loss, format and status; each line of an NDJSON stream is one.");
        Meter.CreateObservableCounter("loss_samples", ReadSamples, "{sample}", "Samples that were scored and kept, by loss.");
    }

    /// <summary>Counts a request, or a part of a stream, once its status is known, with all that was measured of it.</summary>
    /// <param name="loss">A name from the catalogue, <see cref="Several"/>, or <see cref="Unknown"/>.</param>
    /// <param name="format">A format's name, or <see cref="Unknown"/>.</param>
    /// <param name="status">The HTTP status.</param>
    /// <param name="measures">What was measured; null where nothing was.</param>
    public static void Count(string loss, string format, int status, BatchMeasures? measures)
    {
        measures?.Trace();
        if (Phases.Enabled && !OwnRequests.IsCurrent)
            Held.Add(new(loss, format, status, measures?.Bytes, measures?.Samples, measures is null ? default : measures.Ticks));
    }

    /// <summary>Counts a request that was refused for load, time or pace; null = it was not.</summary>
    public static void CountShed(string? reason)
    {
        if (reason is not null && !OwnRequests.IsCurrent) Sheds.Add(1, new KeyValuePair<string, object?>("reason", reason));
    }

    /// <summary>Counts the samples of one of the several losses of a batch.</summary>
    public static void CountSamples(string loss, long samples)
    {
        if (Phases.Enabled && !OwnRequests.IsCurrent) Held.Add(new(loss, null, 0, null, samples, default));
    }

    private static void Record(ReadOnlySpan<Measured> batches)
    {
        lock (Totals)
        {
            foreach (ref readonly var batch in batches) Record(batch);
        }
    }

    private static void Record(in Measured batch)
    {
        if (batch.Format is { } format)
            CollectionsMarshal.GetValueRefOrAddDefault(RequestTotals, (batch.Loss, format, batch.Status), out _)++;
        if (batch.Samples is { } samples)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(SampleTotals, batch.Loss, out _) += samples;
            BatchSamples.Record(samples);
        }
        if (batch.Bytes is { } bytes) BodyBytes.Record(bytes);
        for (var phase = 0; phase < PhaseLabels.Length; phase++)
        {
            if (batch.Phases[phase] is > 0 and var ticks) Phases.Record((double)ticks / Stopwatch.Frequency, PhaseLabels[phase]);
        }
    }

    private static IEnumerable<Measurement<long>> ReadRequests()
    {
        Held.RecordAll();
        lock (Totals)
        {
            return [.. RequestTotals.Select(total => new Measurement<long>(
                total.Value, new("loss", total.Key.Loss), new("format", total.Key.Format),
                new("status", StatusLabels.Text(total.Key.Status))))];
        }
    }

    private static IEnumerable<Measurement<long>> ReadSamples()
    {
        Held.RecordAll();
        lock (Totals)
        {
            return [.. SampleTotals.Select(total =>
                new Measurement<long>(total.Value, new KeyValuePair<string, object?>("loss", total.Key)))];
        }
    }

    // without a format it has the samples of one of several losses
    private readonly record struct Measured(
        string Loss, string? Format, int Status, long? Bytes, long? Samples, BatchMeasures.Times Phases);
}
