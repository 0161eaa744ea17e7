using System.Buffers;
using System.Text.Json.Nodes;
using LossService.Core.Losses;
using LossService.Http;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.Ndjson;

/// <summary>
/// A stream of batches: each line is a JSON request and gets one line in the response, in order; the last line sums up the stream
/// as one dataset. Memory is that of the longest line, or of two that are not so long, and of the responses that the client does not take
/// yet. An invalid line does not affect the others; a blank line has a number, but no response.
/// </summary>
internal sealed partial class NdjsonFormat(Scoring scoring, Admission admission, ILogger<NdjsonFormat> log)
    : StreamFormat(scoring, admission)
{
    private const string MediaType = "application/x-ndjson";

    /// <inheritdoc/>
    public override IReadOnlyList<BodyType> Reads { get; } =
    [
        new(MediaType, BodyContent.Text)
        {
            Charset = "utf-8",
            Description = "A stream of requests, one per line; any number of lines.",
            Example = loss => JsonNode.Parse(loss.Page.Example)!.ToJsonString() + "\n",
        },
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<BodyType> Writes { get; } =
    [
        new(MediaType, BodyContent.Text)
        {
            Description =
                """One response per line, in order: `{"line": 1, …scores…}` or `{"line": 2, "error": {…problem…}}`. """
                + """The last line is the result of all valid lines as one dataset: """
                + """`{"summary": {"lines", "failed", "totals", "loss", "metrics", "sums"}}`. All lines have the same `unit`, """
                + "`mean_over` and `divisor`, by which the summary's `loss` is a mean; a line that differs from the first gets an error. "
                + "`metrics` are there if all valid lines ask for them with the same options, and `sums`, of an overlap loss, if all ask "
                + "for them per batch: the overlap of the dataset follows from them, while `loss` is the mean of the lines' classes.",
        },
    ];

    /// <inheritdoc/>
    public override bool HasSeveral => true;

    /// <inheritdoc/>
    public override string NameOf(HttpRequest http) => "ndjson";

    /// <inheritdoc/>
    protected override async ValueTask<Problem?> AnswerStreamAsync(Loss? loss, HttpRequest http, HeldResponse body, ServerTiming timing)
    {
        var aborted = http.HttpContext.RequestAborted;
        using var lines = new NdjsonLines(http.BodyReader, body, Admission, aborted);
        await using var answers = new NdjsonAnswers(loss, Scoring, lines.FreeSpare, body, timing, aborted);
        var (problem, number) = await AnswerLinesAsync(lines, answers, body);
        if (problem is null)
        {
            answers.Summary.Write(body);
            return null;
        }
        if (body.IsEmpty) return problem;
        // the rest is not scored; that the summary is missing tells the client so
        answers.Write(number, problem);
        timing.CountLine(problem);
        return null;
    }

    /// <summary>Answers each line.</summary>
    /// <returns>The problem for which the stream ends early, and the number of its line; null where it does not.</returns>
    private async ValueTask<(Problem? Problem, long Line)> AnswerLinesAsync(NdjsonLines lines, NdjsonAnswers answers, HeldResponse body)
    {
        try
        {
            var problem = await ReadLinesAsync(lines, answers);
            await answers.SettleAsync();
            return (problem, lines.Line.Number);
        }
        catch (ResponseStalledException stalled)
        {
            var number = answers.Writing > 0 ? answers.Writing : lines.Line.Number;
            LogStall(log, number, stalled.Held, Admission.Limits.StallSeconds);
            // the line whose response was being written ends here
            body.Write("\n"u8);
            await lines.SkipAsync();
            return (ProblemTypes.Stalled(stalled.Held, Admission.Limits.StallSeconds), number);
        }
    }

    /// <returns>The problem for which the stream ends early; null where it does not.</returns>
    private async ValueTask<Problem?> ReadLinesAsync(NdjsonLines lines, NdjsonAnswers answers)
    {
        try
        {
            while (await lines.ReadAsync(answers))
            {
                if (lines.Line.IsBlank) continue;
                if (await answers.AddAsync(lines.Line)) lines.Keep();
            }
            return lines.Broken;
        }
        catch (Exception broken) when (RequestBody.Explain(broken, Admission.Limits, Admission.Limits.BytesPerSecond) is { } problem)
        {
            return problem;
        }
    }

    [LoggerMessage(LogLevel.Warning,
        "A stream ended at line {Line}: its client took nothing of {Held} bytes of responses for {Seconds} seconds")]
    private static partial void LogStall(ILogger log, long line, long held, int seconds);
}
