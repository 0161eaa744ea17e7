using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using LossService.Core.Losses;
using LossService.Formats.Json;
using LossService.Http;
using LossService.Problems;
using LossService.Requests;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Options;

namespace LossService.Formats.Ndjson;

/// <summary>
/// A stream of batches: one JSON object a line, one answer a line, in order, and at the end a summary of the whole as one
/// dataset. Memory is that of the longest line. A line that is no valid batch spoils only itself; a blank line is counted in
/// the numbering, and not answered.
/// </summary>
internal sealed class NdjsonFormat(Scoring scoring, IOptions<Limits> limits)
{
    /// <summary>How much is answered between two flushes while lines keep coming.</summary>
    private const int FlushAt = 64 * 1024;

    /// <summary>Answers a request.</summary>
    /// <returns>The problem where the stream breaks before its first answer; otherwise an empty result.</returns>
    public async Task<IResult> AnswerAsync(Loss loss, HttpRequest http)
    {
        var context = http.HttpContext;
        var cancellation = context.RequestAborted;
        TakeTime(http);
        context.Response.ContentType = MediaTypes.Ndjson;

        var answers = context.Response.BodyWriter;
        var summary = new NdjsonSummary();
        using var lines = new NdjsonLines(http.BodyReader, answers, limits.Value.BodyBytes);
        try
        {
            while (await lines.ReadAsync(cancellation))
            {
                if (lines.IsBlank) continue;
                await AnswerLineAsync(loss, lines, answers, summary, cancellation);
                if (answers.UnflushedBytes >= FlushAt) await answers.FlushAsync(cancellation);
            }
            summary.Write(answers);
            return Results.Empty;
        }
        catch (Exception broken) when (RequestBody.Explain(broken, limits.Value.BodyBytes) is { } problem)
        {
            if (summary.Lines == 0 && !context.Response.HasStarted) return problem;
            // nothing can be read any more: the missing summary says that this was not all
            WriteProblem(answers, lines.Number, problem);
            return Results.Empty;
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            // cut off, here or there: no end that could be taken for the whole, and nobody's error
            context.Abort();
            return Results.Empty;
        }
    }

    private async ValueTask AnswerLineAsync(Loss loss, NdjsonLines lines, PipeWriter answers, NdjsonSummary summary, CancellationToken cancellation)
    {
        using var batch = new JsonBatch(loss);
        if (!lines.IsTooLong)
        {
            batch.Read(lines.Line);
            batch.Score(scoring, limits.Value, cancellation);
        }
        var problem = lines.IsTooLong ? ProblemTypes.PayloadTooLarge(limits.Value.BodyBytes) : batch.Problem;
        if (problem is null)
        {
            await batch.WriteAsync(answers, lines.Number, cancellation);
            answers.Write("\n"u8);
            summary.Add(batch.Totals);
        }
        else
        {
            WriteProblem(answers, lines.Number, problem);
            summary.AddFailure();
        }
    }

    private static void WriteProblem(PipeWriter answers, long line, Problem problem)
    {
        answers.Write(JsonSerializer.SerializeToUtf8Bytes(new { line, error = problem }, Problem.Json));
        answers.Write("\n"u8);
    }

    /// <summary>
    /// A client may take its time between lines, being a training loop: only one that has all but stopped is given up. The time
    /// to take the answers stays as short as everywhere, for they hold memory.
    /// </summary>
    private static void TakeTime(HttpRequest http)
    {
        // HTTP/2 has no such rate: its windows are the client's own
        if (HttpProtocol.IsHttp11(http.Protocol) && http.HttpContext.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
            rate.MinDataRate = new MinDataRate(bytesPerSecond: 1, gracePeriod: TimeSpan.FromMinutes(2));
    }
}
