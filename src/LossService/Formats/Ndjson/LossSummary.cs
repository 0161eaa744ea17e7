using System.Buffers;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Formats.Json;
using LossService.Requests;

namespace LossService.Formats.Ndjson;

/// <summary>What the lines of a stream add up to for one loss.</summary>
/// <remarks>
/// The sums over the lines are exact and rounded once, so how a dataset is split into lines matters only by the rounding of each
/// line's own totals, and in the metrics not at all.
/// </remarks>
/// <param name="first">The request of the first line for the loss, or its entry there.</param>
internal sealed class LossSummary(ScoreRequest first)
{
    private readonly TotalsSum _totals = new();
    private MetricsSum? _metrics;
    private OverlapSums? _sums;
    private bool _isBegun;

    /// <summary>The unit of the totals.</summary>
    public Unit Unit => first.Unit;

    /// <summary>The loss.</summary>
    public string Loss => first.Loss.Name;

    /// <summary>What it is in a request with several losses.</summary>
    public RequestEntry? Entry => first.Entry;

    /// <summary>
    /// Adds a line. Metrics are summed up if every line has the same ones, and sums if every line has those of the same classes.
    /// </summary>
    public void Add(Scores scores)
    {
        if (!_isBegun) (_metrics, _sums) = (scores.MetricsSum, OverlapSums.Of(scores));
        else
        {
            if (scores.MetricsSum is { } other && _metrics?.Matches(other) == true) _metrics.Add(other);
            else _metrics = null;
            if (_sums?.TryAdd(scores) != true) _sums = null;
        }
        _isBegun = true;
        _totals.Add(scores.Totals);
    }

    /// <summary>The mean over the stream; null where it divides by 0.</summary>
    public double? GetMean() => _totals.Round().GetMean(first.MeanOver, first.Divisor);

    /// <summary>Writes <c>"totals": …, "loss": …, "metrics": …, "sums": …</c>.</summary>
    public void Write(IBufferWriter<byte> body)
    {
        body.Write("\"totals\":"u8);
        JsonTotals.Write(_totals.Round(), body);
        body.Write(",\"loss\":"u8);
        body.WriteNumber(GetMean());
        if (_metrics is not null)
        {
            body.Write(",\"metrics\":"u8);
            JsonMetrics.Write(_metrics.Conclude(), body);
        }
        if (_sums is not null) Write(_sums, body);
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
}
