using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Nodes;
using LossService.Core.Losses;
using LossService.Formats.Json;
using LossService.Http;
using LossService.Problems;
using LossService.Requests;
using LossService.Telemetry;

namespace LossService.Formats.Ndjson;

/// <summary>
/// A stream of batches: each line is a JSON request and gets one line in the response, in order; the last line sums up the stream
/// as one dataset. Memory is that of the longest line, and of the responses that the client does not take yet. An invalid line does not
/// affect the others; a blank line has a number, but no response.
/// </summary>
internal sealed partial class NdjsonFormat(Scoring scoring, Admission admission, ILogger<NdjsonFormat> log)
    : StreamFormat<JsonRequest>(scoring, admission)
{
    private const string MediaType = "application/x-ndjson";

    /// <summary>How many bytes are written between two flushes while lines keep coming.</summary>
    private const int FlushAt = 64 * 1024;

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
        var summary = new NdjsonSummary(loss is null);
        using var lines = new NdjsonLines(http.BodyReader, body, Admission, aborted);
        if (await AnswerLinesAsync(loss, lines, body, summary, timing, aborted) is not { } problem)
        {
            summary.Write(body);
            return null;
        }
        if (body.IsEmpty) return problem;
        // the rest is not scored; that the summary is missing tells the client so
        WriteProblem(body, lines.Number, problem);
        timing.CountLine(problem);
        return null;
    }

    /// <summary>Answers each line.</summary>
    /// <returns>The problem for which the stream ends early; null where it does not.</returns>
    private async ValueTask<Problem?> AnswerLinesAsync(
        Loss? loss, NdjsonLines lines, HeldResponse body, NdjsonSummary summary, ServerTiming timing, CancellationToken aborted)
    {
        try
        {
            while (await lines.ReadAsync())
            {
                if (lines.IsBlank) continue;
                timing.CountLine(await AnswerLineAsync(loss, lines, body, summary, aborted));
                if (body.UnflushedBytes >= FlushAt) await body.FlushAsync(aborted);
            }
            return lines.Broken;
        }
        catch (ResponseStalledException stalled)
        {
            LogStall(log, lines.Number, stalled.Held, Admission.Limits.StallSeconds);
            // the line whose response was being written ends here
            body.Write("\n"u8);
            await lines.SkipAsync();
            return ProblemTypes.Stalled(stalled.Held, Admission.Limits.StallSeconds);
        }
        catch (Exception broken) when (RequestBody.Explain(broken, Admission.Limits, Admission.Limits.BytesPerSecond) is { } problem)
        {
            return problem;
        }
    }

    /// <returns>The problem of the line; null where it was scored.</returns>
    private async ValueTask<Problem?> AnswerLineAsync(
        Loss? loss, NdjsonLines lines, HeldResponse body, NdjsonSummary summary, CancellationToken aborted)
    {
        var result = lines.Refused is { } refused ? refused
            : await ScoreAsync(loss, body, lines.Line, lines.Number, (loss, lines, summary), Read, aborted);
        if (!result.TryGet(out var answer, out var problem))
        {
            WriteProblem(body, lines.Number, problem);
            summary.AddFailure();
            return problem;
        }
        using (answer.Scores)
        {
            await answer.Request.WriteAsync(answer.Scores, body, lines.Number, aborted);
            body.Write("\n"u8);
            answer.Clock.End(Phase.Write);
            summary.Add(answer.Request.Batch, answer.Scores);
        }
        return null;
    }

    private static Result<JsonRequest> Read((Loss? Loss, NdjsonLines Lines, NdjsonSummary Summary) stream, Allowance allowance)
    {
        var read = JsonRequest.Read(stream.Loss, stream.Lines.Line, allowance);
        if (read.TryGet(out var request, out _)) stream.Summary.Check(request.Batch);
        return read;
    }

    private static void WriteProblem(PipeWriter body, long line, Problem problem)
    {
        body.Write(JsonSerializer.SerializeToUtf8Bytes(new { line, error = problem }, Problem.Json));
        body.Write("\n"u8);
    }

    [LoggerMessage(LogLevel.Warning,
        "A stream ended at line {Line}: its client took nothing of {Held} bytes of responses for {Seconds} seconds")]
    private static partial void LogStall(ILogger log, long line, long held, int seconds);
}
