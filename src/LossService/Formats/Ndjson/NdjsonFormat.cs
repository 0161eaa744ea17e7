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
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Options;

namespace LossService.Formats.Ndjson;

/// <summary>
/// A stream of batches: each line is a JSON request and gets one line in the response, in order; the last line sums up the stream
/// as one dataset. Memory is that of the longest line. An invalid line does not affect the others; a blank line has a number, but
/// no response.
/// </summary>
internal sealed class NdjsonFormat(Scoring scoring, IOptions<Limits> limits) : IFormat
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
        var cancellation = context.RequestAborted;
        var timing = ServerTiming.Start(context, loss.Name, NameOf(http), isStream: true);
        AllowPauses(http);
        context.Response.ContentType = type.Name;

        var body = context.Response.BodyWriter;
        var summary = new NdjsonSummary();
        using var lines = new NdjsonLines(http.BodyReader, body, limits.Value.BodyBytes);
        try
        {
            while (await lines.ReadAsync(cancellation))
            {
                if (lines.IsBlank) continue;
                timing.CountLine(await AnswerLineAsync(loss, lines, body, summary, cancellation));
                if (body.UnflushedBytes >= FlushAt) await body.FlushAsync(cancellation);
            }
            summary.Write(body);
            return Results.Empty;
        }
        catch (Exception broken) when (RequestBody.Explain(broken, limits.Value.BodyBytes) is { } problem)
        {
            if (summary.Lines == 0 && !context.Response.HasStarted) return problem;
            // the rest cannot be read; that the summary is missing tells the client so
            WriteProblem(body, lines.Number, problem);
            timing.CountLine(problem.Status);
            return Results.Empty;
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            // the connection broke: the response must not end like a complete one, and there is no error to report
            context.Abort();
            return Results.Empty;
        }
    }

    /// <returns>The status that the line would have as a request.</returns>
    private async ValueTask<int> AnswerLineAsync(
        Loss loss, NdjsonLines lines, PipeWriter body, NdjsonSummary summary, CancellationToken cancellation)
    {
        var clock = new PhaseClock { Line = lines.Number };
        ServiceMeter.RecordBody(lines.Line.Span.Length);
        var read = lines.IsTooLong ? ProblemTypes.PayloadTooLarge(limits.Value.BodyBytes) : JsonRequest.Read(loss, lines.Line);
        clock.End(Phase.Parse);
        if (read.TryGet(out var request, out var problem))
        {
            using (request)
            {
                summary.Check(request.Batch);
                var scored = request.Score(scoring, limits.Value.ListedErrors, cancellation);
                clock.End(Phase.Compute);
                if (scored.TryGet(out var scores, out problem))
                {
                    ServiceMeter.CountSamples(loss.Name, scores.Totals.Samples);
                    using (scores) await request.WriteAsync(scores, body, lines.Number, cancellation);
                    body.Write("\n"u8);
                    clock.End(Phase.Write);
                    summary.Add(request.Batch, scores);
                    return StatusCodes.Status200OK;
                }
            }
        }
        WriteProblem(body, lines.Number, problem);
        summary.AddFailure();
        return problem.Status;
    }

    private static void WriteProblem(PipeWriter body, long line, Problem problem)
    {
        body.Write(JsonSerializer.SerializeToUtf8Bytes(new { line, error = problem }, Problem.Json));
        body.Write("\n"u8);
    }

    /// <summary>
    /// Lets a client pause between lines, as a training loop does: only one that sends less than a byte a second is given up. The
    /// rate at which it must take the response stays, because what is not sent yet takes memory.
    /// </summary>
    private static void AllowPauses(HttpRequest http)
    {
        // HTTP/2 has no such rate for one request
        if (HttpProtocol.IsHttp11(http.Protocol) && http.HttpContext.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
            rate.MinDataRate = new MinDataRate(bytesPerSecond: 1, gracePeriod: TimeSpan.FromMinutes(2));
    }
}
