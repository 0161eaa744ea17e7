using System.Buffers;
using System.Globalization;
using System.Text;
using LossService.Core.Outputs;
using LossService.Formats.Json;
using LossService.Requests;

namespace LossService.Formats.Ndjson;

/// <summary>
/// The last line of the response, which sums up the stream as one dataset:
/// <c>{"summary": {"lines", "failed", "totals": {"samples", "weight", "loss"}, "loss", "metrics", "sums"}}</c>; with several losses
/// <c>{"summary": {"lines", "failed", "losses": {name: {"totals", "loss", "metrics", "sums"}}, "combined": {"loss"}}}</c>.
/// </summary>
/// <remarks>
/// <c>loss</c> is the mean over the stream, whatever reduction the lines ask for: Σloss divided by <c>divisor</c> or what <c>mean_over</c>
/// says, null where that is 0. Lines that differ from the first in one of these, in a <c>unit</c>, in their losses or in the weights of a
/// combined loss cannot be summed up with it, and are refused. <c>metrics</c> are there if every line that was scored has the same ones,
/// <c>sums</c> if every one has those of the same classes.
/// </remarks>
/// <param name="hasSeveral">Whether the lines have several losses.</param>
internal sealed class NdjsonSummary(bool hasSeveral)
{
    private readonly List<LossSummary> _losses = [];
    private ScoreRequest? _first;
    private long _failed;

    /// <summary>How many lines got a response.</summary>
    public long Lines { get; private set; }

    /// <summary>Whether a line was scored, with which the others are compared.</summary>
    public bool IsBegun => _first is not null;

    /// <summary>How many losses a line has, which are the same in every line; what they combine to counts as one more.</summary>
    public int LossesOfLine => _losses.Count + (_first?.IsCombined == true ? 1 : 0);

    /// <summary>Adds to a line's errors what it has that the lines scored before it do not.</summary>
    public void Check(ScoreRequest request)
    {
        if (_first is null) return;
        if (request.MeanOver != _first.MeanOver)
            Refuse(request.Errors, new(Fields.MeanOver), Quote(request.MeanOver), Quote(_first.MeanOver));
        if (request.Divisor != _first.Divisor)
            Refuse(request.Errors, new(Fields.Divisor), Format(request.Divisor), Format(_first.Divisor));
        if (!hasSeveral) CheckUnit(request, _losses[0], request.Errors);
        else CheckLosses(request, _first);
    }

    /// <summary>Counts a line that was scored.</summary>
    public void Add(ScoreRequest request, ScoreSet scores)
    {
        Lines++;
        var losses = hasSeveral ? request.Entries : [request];
        if (_first is null) _losses.AddRange(losses.Select(loss => new LossSummary(loss)));
        _first ??= request;
        for (var i = 0; i < losses.Count; i++) Find(losses[i])!.Add(scores.Entries[i]);
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
        body.Write("{\"summary\":{\"lines\":"u8);
        body.WriteNumber(Lines);
        body.Write(",\"failed\":"u8);
        body.WriteNumber(_failed);
        body.Write(","u8);
        if (hasSeveral) WriteLosses(body);
        else (_first is null ? new LossSummary(new(null)) : _losses[0]).Write(body);
        body.Write("}}\n"u8);
    }

    private LossSummary? Find(ScoreRequest loss) => !hasSeveral ? _losses[0] : _losses.Find(known => known.Entry?.Name == loss.Entry?.Name);

    private void WriteLosses(IBufferWriter<byte> body)
    {
        body.Write("\"losses\":{"u8);
        for (var i = 0; i < _losses.Count; i++)
        {
            body.Write(i == 0 ? "\""u8 : ",\""u8);
            body.Write(Encoding.ASCII.GetBytes(_losses[i].Entry!.Name));
            body.Write("\":{"u8);
            _losses[i].Write(body);
            body.Write("}"u8);
        }
        body.Write("}"u8);
        if (_first?.IsCombined != true) return;
        body.Write(",\"combined\":{\"loss\":"u8);
        body.WriteNumber(Combination.Add(_losses.Select(loss => (loss.GetMean(), loss.Entry!.Weight))));
        body.Write("}"u8);
    }

    private void CheckLosses(ScoreRequest request, ScoreRequest first)
    {
        if (request.IsCombined != first.IsCombined)
            Refuse(request.Errors, new(Fields.Combined), Format(request.IsCombined), Format(first.IsCombined));
        if (request.Entries.Count != _losses.Count || request.Entries.Any(entry => Find(entry)?.Loss != entry.Loss.Name))
        {
            request.Errors.Add(new(Fields.Losses), $"expected {string.Join(", ", _losses.Select(loss => $"\"{loss.Entry!.Name}\""))}, "
                + "as in the first valid line; the summary needs the same losses for all lines");
            return;
        }
        foreach (var entry in request.Entries)
        {
            CheckUnit(entry, Find(entry)!, request.Errors);
            var (got, expected) = (entry.Entry!.Weight, Find(entry)!.Entry!.Weight);
            if (request.IsCombined && got != expected)
                Refuse(request.Errors, new(Fields.Weight) { Entry = entry.Entry.Name }, Format(got), Format(expected));
        }
    }

    private static void CheckUnit(ScoreRequest loss, LossSummary known, RequestErrors errors)
    {
        if (loss.Unit != known.Unit)
            Refuse(errors, new(Fields.Unit) { Entry = loss.Entry?.Name }, Quote(loss.Unit), Quote(known.Unit));
    }

    private static void Refuse(RequestErrors errors, Address address, string got, string expected) => errors.Add(
        address, $"expected {address.Member} {expected}, as in the first valid line, got {got}; "
            + $"the summary needs one {address.Member} for all lines");

    private static string Quote<T>(T value) where T : struct, Enum => $"\"{WireName.Of(value)}\"";

    private static string Format(double? number) => number?.ToString("R", CultureInfo.InvariantCulture) ?? "null";

    private static string Format(bool flag) => flag ? "true" : "false";
}
