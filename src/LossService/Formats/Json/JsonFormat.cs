using LossService.Core.Losses;
using LossService.Http;
using LossService.Requests;
using Microsoft.Extensions.Options;

namespace LossService.Formats.Json;

/// <summary>Plain JSON: the body is one batch, the answer its scores.</summary>
internal sealed class JsonFormat(Scoring scoring, IOptions<Limits> limits)
{
    /// <summary>Answers a request.</summary>
    /// <returns>The problem; an empty result where the scores are written.</returns>
    public async ValueTask<IResult> AnswerAsync(Loss loss, HttpRequest http)
    {
        var context = http.HttpContext;
        var timing = new ServerTiming();
        var (body, problem) = await RequestBody.ReadAsync(http, limits.Value.BodyBytes, context.RequestAborted);
        timing.Mark("read");
        if (body is null) return problem!;

        using var batch = new JsonBatch(loss);
        using (body) batch.Read(body);
        timing.Mark("parse");
        batch.Score(scoring, limits.Value, context.RequestAborted);
        timing.Mark("compute");
        if (batch.Problem is not null) return batch.Problem;

        context.Response.ContentType = MediaTypes.Json;
        timing.Announce(context.Response);
        using var answer = new ResponseWriter(context.Response);
        await batch.WriteAsync(answer, null, context.RequestAborted);
        timing.Mark("write");
        await answer.FinishAsync(context.RequestAborted);
        timing.Finish(context.Response);
        return Results.Empty;
    }
}
