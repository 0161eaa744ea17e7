using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Problems;

namespace LossService.Formats.Ndjson;

/// <summary>
/// The last line of the response, which sums up the stream as one dataset:
/// <c>{"summary": {"lines", "failed", "totals": {"samples", "weight", "loss"}, "loss"}}</c>.
/// </summary>
/// <remarks>
/// <c>loss</c> is Σloss/Σweight, whatever reduction the lines ask for, and null where no sample was kept. The sums over the lines are
/// exact and rounded once, so how a dataset is split into lines matters only by the rounding of each line's own totals.
/// </remarks>
internal sealed class NdjsonSummary
{
    /// <summary>A sum that is not finite is a string, as in the scores.</summary>
    private static readonly JsonSerializerOptions Json =
        new(Problem.Json) { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private readonly TotalsSum _totals = new();
    private long _failed;

    /// <summary>How many lines got a response.</summary>
    public long Lines { get; private set; }

    /// <summary>Counts a line that was scored.</summary>
    public void Add(Totals totals)
    {
        Lines++;
        _totals.Add(totals);
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
        var summary = new
        {
            lines = Lines,
            failed = _failed,
            totals = new { totals.Samples, totals.Weight, totals.Loss },
            loss = totals.GetMean(MeanOver.Weight),
        };
        body.Write(JsonSerializer.SerializeToUtf8Bytes(new { summary }, Json));
        body.Write("\n"u8);
    }
}
