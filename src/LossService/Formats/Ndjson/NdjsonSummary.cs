using System.Buffers;
using System.Globalization;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Formats.Json;
using LossService.Requests;

namespace LossService.Formats.Ndjson;

/// <summary>
/// The last line of the response, which sums up the stream as one dataset:
/// <c>{"summary": {"lines", "failed", "totals": {"samples", "weight", "loss"}, "loss", "metrics"}}</c>.
/// </summary>
/// <remarks>
/// <para><c>loss</c> is the mean over the stream, whatever reduction the lines ask for: Σloss divided by <c>divisor</c> or what
/// <c>mean_over</c> says, null where that is 0. Lines of another <c>unit</c>, <c>mean_over</c> or <c>divisor</c> cannot be summed up with
/// the first one, and are refused.
/// <c>metrics</c> are there if every line that was scored has the same ones, <c>sums</c> if every one has those of the same classes.</para>
/// <para>The sums over the lines are exact and rounded once, so how a dataset is split into lines matters only by the rounding of each
/// line's own totals, and in the metrics not at all.</para>
/// </remarks>
internal sealed class NdjsonSummary
{
    private readonly TotalsSum _totals = new();
    private MetricsSum? _metrics;
    private OverlapSums? _sums;
    private Unit _unit;
    private MeanOver _meanOver;
    private double? _divisor;
    private long _failed;

    /// <summary>How many lines got a response.</summary>
    public long Lines { get; private set; }

    /// <summary>Adds to a line's errors what it has that the lines scored before it do not.</summary>
    public void Check(ScoreRequest request)
    {
        if (Lines == _failed) return;
        if (request.Unit != _unit) Refuse(request.Errors, Fields.Unit, Quote(request.Unit), Quote(_unit));
        if (request.MeanOver != _meanOver)
            Refuse(request.Errors, Fields.MeanOver, Quote(request.MeanOver), Quote(_meanOver));
        if (request.Divisor != _divisor) Refuse(request.Errors, Fields.Divisor, Format(request.Divisor), Format(_divisor));
    }

    /// <summary>Counts a line that was scored.</summary>
    public void Add(ScoreRequest request, Scores scores)
    {
        if (Lines == _failed)
        {
            (_unit, _meanOver, _divisor) = (request.Unit, request.MeanOver, request.Divisor);
            (_metrics, _sums) = (scores.MetricsSum, OverlapSums.Of(scores));
        }
        else
        {
            if (scores.MetricsSum is { } other && _metrics?.Matches(other) == true) _metrics.Add(other);
            else _metrics = null;
            if (_sums?.TryAdd(scores) != true) _sums = null;
        }
        Lines++;
        _totals.Add(scores.Totals);
    }

    /// <summary>Counts a line that got a problem.</summary>
    public void AddFailure()
    {
        Lines++;
        _failed++;
    }

    /// <summary>Writes the line.</summary>
    public void Write(IBufferWriter<byte> body)
    {
        var totals = _totals.Round();
        body.Write("{\"summary\":{\"lines\":"u8);
        body.WriteNumber(Lines);
        body.Write(",\"failed\":"u8);
        body.WriteNumber(_failed);
        body.Write(",\"totals\":"u8);
        JsonTotals.Write(totals, body);
        body.Write(",\"loss\":"u8);
        body.WriteNumber(totals.GetMean(_meanOver, _divisor));
        if (_metrics is not null)
        {
            body.Write(",\"metrics\":"u8);
            JsonMetrics.Write(_metrics.Conclude(), body);
        }
        if (_sums is not null) Write(_sums, body);
        body.Write("}}\n"u8);
    }

    private static void Write(OverlapSums sums, IBufferWriter<byte> body)
    {
        body.Write(",\"sums\":"u8);
        var separator = "["u8;
        foreach (var ofClass in sums.Round())
        {
            body.Write(separator);
            body.Write("["u8);
            body.WriteNumber(ofClass[0]);
            body.Write(","u8);
            body.WriteNumber(ofClass[1]);
            body.Write(","u8);
            body.WriteNumber(ofClass[2]);
            body.Write("]"u8);
            separator = ","u8;
        }
        body.Write("]"u8);
    }

    private static void Refuse(RequestErrors errors, string field, string got, string expected) => errors.Add(new(field),
        $"expected {field} {expected}, as in the first valid line, got {got}; the summary needs one {field} for all lines");

    private static string Quote<T>(T value) where T : struct, Enum => $"\"{WireName.Of(value)}\"";

    private static string Format(double? number) => number?.ToString("R", CultureInfo.InvariantCulture) ?? "null";
}
