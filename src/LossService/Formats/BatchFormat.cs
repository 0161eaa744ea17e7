using LossService.Core.Losses;
using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Formats.Numbers;
using LossService.Http;
using LossService.Problems;
using LossService.Requests;
using LossService.Telemetry;

namespace LossService.Formats;

/// <summary>
/// A format whose body is one batch: read the body, wait for a turn, parse it, score the batch, write the scores, and time each step.
/// </summary>
/// <typeparam name="TRequest">A batch as the format reads it.</typeparam>
internal abstract class BatchFormat<TRequest>(Scoring scoring, Admission admission) : IFormat where TRequest : FormatRequest
{
    /// <inheritdoc/>
    public abstract IReadOnlyList<BodyType> Reads { get; }

    /// <inheritdoc/>
    public abstract IReadOnlyList<BodyType> Writes { get; }

    /// <inheritdoc/>
    public virtual bool HasSeveral => false;

    /// <inheritdoc/>
    public abstract string NameOf(HttpRequest http);

    /// <inheritdoc/>
    public async ValueTask<IResult> AnswerAsync(Loss? loss, HttpRequest http, MediaType type)
    {
        var context = http.HttpContext;
        var timing = ServerTiming.Start(context, loss?.Name ?? ServiceMeter.Several, NameOf(http));
        using var ahead = http.ContentLength > admission.Limits.SmallBodyBytes ? NewReadAhead(admission.Memory) : null;
        try
        {
            var received = await RequestBody.ReadAsync(http, admission, ahead is null ? null : ahead.Advance, context.RequestAborted);
            timing.Mark(Phase.Read);
            if (!received.TryGet(out var body, out var problem)) return problem;
            timing.Measures.Bytes = body.Span.Length;
            var computed = await ComputeAsync(loss, body, ahead, http, timing);
            if (!computed.TryGet(out var result, out problem)) return problem;
            using (result.Scores)
                await WriteAsync(result.Request, result.Scores, context.Response, type, timing);
            return Results.Empty;
        }
        catch (Exception failed) when (FailureProblems.Find(
            failed, context.RequestAborted.IsCancellationRequested, admission.Limits.ComputeSeconds) is { } problem)
        {
            if (!context.Response.HasStarted) return problem;
            // half a response must not look like a whole one
            context.Abort();
            return Results.Empty;
        }
    }

    /// <summary>
    /// Parses a body and scores it, in a turn that ends before the response is written, since a client may be slow to take it.
    /// </summary>
    /// <returns>The scores, and the request without its tensors, whose memory is free again.</returns>
    private async ValueTask<Result<(TRequest Request, ScoreSet Scores)>> ComputeAsync(
        Loss? loss, RequestBody body, ReadAhead? ahead, HttpRequest http, ServerTiming timing)
    {
        ComputeTurn turn;
        try
        {
            var entered = await admission.EnterAsync(body.Span.Length, loss is null, http.HttpContext.RequestAborted);
            if (!entered.TryGet(out turn, out var refusal))
            {
                body.Dispose();
                return refusal;
            }
        }
        catch
        {
            body.Dispose();
            throw;
        }
        using (turn)
        {
            var parsed = Read(loss, body, ahead, http, new(admission.Limits, body.Memory, turn.Token));
            // what was not taken over is not needed
            ahead?.Dispose();
            timing.Mark(Phase.Parse);
            if (!parsed.TryGet(out var request, out var problem)) return problem;
            using (request)
            {
                var scored = request.Score(scoring);
                timing.Mark(Phase.Compute);
                if (!scored.TryGet(out var scores, out problem)) return problem;
                timing.Measures.Samples = request.Batch.CountSamples(scores);
                return (request, scores);
            }
        }
    }

    private async ValueTask WriteAsync(
        TRequest request, ScoreSet scores, HttpResponse response, MediaType type, ServerTiming timing)
    {
        response.ContentType = type.Name;
        timing.Announce(response);
        DataRates.DemandResponse(response, scores.Bytes, admission.Limits);
        using var writer = new ResponseWriter(response);
        await WriteAsync(request, scores, response, writer);
        timing.Mark(Phase.Write);
        await writer.FinishAsync(response.HttpContext.RequestAborted);
        timing.Finish(response);
    }

    /// <summary>What reads the body while it arrives; null where nothing does.</summary>
    /// <param name="memory">The memory that all requests share.</param>
    protected virtual ReadAhead? NewReadAhead(MemoryBudget memory) => null;

    /// <summary>Parses a body.</summary>
    /// <param name="loss">The loss that the route names; null = the request names several.</param>
    /// <param name="body">The body; the method owns it and disposes of it, at once or with the request.</param>
    /// <param name="ahead">What is read of it already.</param>
    /// <param name="http">The request, for a format that uses its headers or its query.</param>
    /// <param name="allowance">What the request may use.</param>
    /// <returns>The request, with the errors found in it; a problem where the body is not in this format at all.</returns>
    protected abstract Result<TRequest> Read(
        Loss? loss, RequestBody body, ReadAhead? ahead, HttpRequest http, Allowance allowance);

    /// <summary>Writes scores.</summary>
    /// <param name="request">The request that they answer, without its tensors.</param>
    /// <param name="scores">The scores.</param>
    /// <param name="response">For its headers; its Content-Type is the one that was negotiated.</param>
    /// <param name="body">The body of the response.</param>
    protected abstract ValueTask WriteAsync(TRequest request, ScoreSet scores, HttpResponse response, ResponseWriter body);
}
