using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using LossService.Core.Outputs;
using LossService.Problems;

namespace LossService.Formats.Ndjson;

/// <summary>
/// The last line of a stream: <c>{"summary": {"lines", "failed", "totals": {"samples", "weight", "loss"}, "loss"}}</c>, the whole
/// stream as one dataset.
/// </summary>
/// <remarks>
/// <c>loss</c> is Σloss/Σweight whatever reduction each line asked for, and null where nothing was kept. The sums over the lines
/// are exact and rounded once, so they do not depend on how a dataset is split into lines beyond each line's own rounding.
/// </remarks>
internal sealed class NdjsonSummary
{
    /// <summary>As the scores are written: a sum that is not finite is a string.</summary>
    private static readonly JsonSerializerOptions Json = new(Problem.Json) { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private readonly TotalsSum _totals = new();
    private long _failed;

    /// <summary>The lines that were answered.</summary>
    public long Lines { get; private set; }

    /// <summary>Counts a line that was scored.</summary>
    public void Add(Totals totals)
    {
        Lines++;
        _totals.Add(totals);
    }

    /// <summary>Counts a line that was not.</summary>
    public void AddFailure()
    {
        Lines++;
        _failed++;
    }

    /// <summary>Writes the line.</summary>
    public void Write(IBufferWriter<byte> answers)
    {
        var totals = _totals.Round();
        var summary = new
        {
            lines = Lines,
            failed = _failed,
            totals = new { totals.Samples, totals.Weight, totals.Loss },
            loss = totals.Mean,
        };
        answers.Write(JsonSerializer.SerializeToUtf8Bytes(new { summary }, Json));
        answers.Write("\n"u8);
    }
}
