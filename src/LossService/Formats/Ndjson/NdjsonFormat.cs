using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Nodes;
using LossService.Core.Losses;
using LossService.Core.Outputs;
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
internal sealed partial class NdjsonFormat(Scoring scoring, Admission admission, ILogger<NdjsonFormat> log) : IFormat
{
    private const string MediaType = "application/x-ndjson";

    /// <summary>How many bytes are written between two flushes while lines keep coming.</summary>
    private const int FlushAt = 64 * 1024;

    /// <inheritdoc/>
    public IReadOnlyList<BodyType> Reads { get; } =
    [
        new(MediaType, BodyContent.Text)
        {
            Charset = "utf-8",
            Description = "A stream of requests, one per line; any number of lines.",
            Example = loss => JsonNode.Parse(loss.Page.Example)!.ToJsonString() + "\n",
        },
    ];

    /// <inheritdoc/>
    public IReadOnlyList<BodyType> Writes { get; } =
    [
        new(MediaType, BodyContent.Text)
        {
            Description =
                """One response per line, in order: `{"line": 1, …scores…}` or `{"line": 2, "error": {…problem…}}`. """
                + """The last line is the result of all valid lines as one dataset: """
                + """`{"summary": {"lines", "failed", "totals", "loss", "metrics"}}`. All lines have the same `unit` and """
                + "`mean_over`, by which the summary's `loss` is a mean; a line that differs from the first gets an error. `metrics` are "
                + "there if all valid lines ask for them with the same options.",
        },
    ];

    /// <inheritdoc/>
    public string NameOf(HttpRequest http) => "ndjson";

    /// <summary>Scores the lines of a stream as they come.</summary>
    /// <returns>The problem where the stream breaks before its first response; otherwise an empty result.</returns>
    public async ValueTask<IResult> AnswerAsync(Loss loss, HttpRequest http, MediaType type)
    {
        var context = http.HttpContext;
        var timing = ServerTiming.Start(context, loss.Name, NameOf(http), isStream: true);
        context.Response.ContentType = type.Name;
        DataRates.LetPause(http);

        var summary = new NdjsonSummary();
        using var body = new HeldResponse(context, admission);
        using var lines = new NdjsonLines(http.BodyReader, body, admission, context.RequestAborted);
        try
        {
            if (await AnswerLinesAsync(loss, lines, body, summary, timing, context.RequestAborted) is not { } problem)
            {
                summary.Write(body);
            }
            else
            {
                if (body.IsEmpty) return problem;
                // the rest is not scored; that the summary is missing tells the client so
                WriteProblem(body, lines.Number, problem);
                timing.CountLine(problem);
            }
            await body.FinishAsync();
            return Results.Empty;
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            // the connection broke: the response must not end like a complete one, and there is no error to report
            context.Abort();
            return Results.Empty;
        }
    }

    /// <summary>Answers each line.</summary>
    /// <returns>The problem for which the stream ends early; null where it does not.</returns>
    private async ValueTask<Problem?> AnswerLinesAsync(
        Loss loss, NdjsonLines lines, HeldResponse body, NdjsonSummary summary, ServerTiming timing, CancellationToken aborted)
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
            LogStall(log, lines.Number, stalled.Held, admission.Limits.StallSeconds);
            // the line whose response was being written ends here
            body.Write("\n"u8);
            await lines.SkipAsync();
            return ProblemTypes.Stalled(stalled.Held, admission.Limits.StallSeconds);
        }
        catch (Exception broken) when (RequestBody.Explain(broken, admission.Limits, admission.Limits.BytesPerSecond) is { } problem)
        {
            return problem;
        }
    }

    /// <returns>The problem of the line; null where it was scored.</returns>
    private async ValueTask<Problem?> AnswerLineAsync(
        Loss loss, NdjsonLines lines, PipeWriter body, NdjsonSummary summary, CancellationToken aborted)
    {
        var result = lines.Refused is { } refused ? refused : await ScoreAsync(loss, lines, summary, aborted);
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

    /// <summary>Scores a line in a turn of its own.</summary>
    /// <returns>The scores, the request without its tensors, and the clock of the line.</returns>
    private async ValueTask<Result<(JsonRequest Request, Scores Scores, PhaseClock Clock)>> ScoreAsync(
        Loss loss, NdjsonLines lines, NdjsonSummary summary, CancellationToken aborted)
    {
        var line = lines.Line;
        ServiceMeter.RecordBody(line.Span.Length);
        try
        {
            if (!(await admission.EnterAsync(line.Span.Length, aborted)).TryGet(out var turn, out var problem)) return problem;
            using (turn)
            {
                var clock = new PhaseClock { Line = lines.Number };
                var read = JsonRequest.Read(loss, line, new(admission.Limits, line.Memory, turn.Token));
                clock.End(Phase.Parse);
                if (!read.TryGet(out var request, out problem)) return problem;
                using (request)
                {
                    summary.Check(request.Batch);
                    var scored = request.Score(scoring);
                    clock.End(Phase.Compute);
                    if (!scored.TryGet(out var scores, out problem)) return problem;
                    ServiceMeter.CountSamples(loss.Name, scores.Totals.Samples);
                    return (request, scores, clock);
                }
            }
        }
        catch (Exception failed) when (FailureProblems.Find(
            failed, aborted.IsCancellationRequested, admission.Limits.ComputeSeconds) is { } found)
        {
            return found;
        }
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
