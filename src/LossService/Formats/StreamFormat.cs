using LossService.Core.Losses;
using LossService.Core.Outputs;
using LossService.Http;
using LossService.Problems;
using LossService.Requests;
using LossService.Telemetry;

namespace LossService.Formats;

/// <summary>A format whose body is a stream of batches, each of which is read, scored in a turn of its own, and answered.</summary>
/// <typeparam name="TRequest">A batch as the format reads it.</typeparam>
internal abstract class StreamFormat<TRequest>(Scoring scoring, Admission admission) : IFormat where TRequest : FormatRequest
{
    /// <inheritdoc/>
    public abstract IReadOnlyList<BodyType> Reads { get; }

    /// <inheritdoc/>
    public abstract IReadOnlyList<BodyType> Writes { get; }

    /// <summary>What all requests share.</summary>
    protected Admission Admission => admission;

    /// <inheritdoc/>
    public virtual bool HasSeveral => false;

    /// <inheritdoc/>
    public abstract string NameOf(HttpRequest http);

    /// <summary>Scores the batches of a stream as they come.</summary>
    /// <returns>The problem where the stream breaks before its first response; otherwise an empty result.</returns>
    public async ValueTask<IResult> AnswerAsync(Loss? loss, HttpRequest http, MediaType type)
    {
        var context = http.HttpContext;
        var timing = ServerTiming.Start(context, loss?.Name ?? ServiceMeter.Several, NameOf(http), isStream: true);
        context.Response.ContentType = type.Name;
        DataRates.LetPause(http);

        using var body = new HeldResponse(context, admission);
        try
        {
            if (await AnswerStreamAsync(loss, http, body, timing) is { } problem) return problem;
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

    /// <summary>Reads the stream, and writes the response but for its last flush.</summary>
    /// <returns>The problem of the whole stream, where nothing is written yet; otherwise null.</returns>
    protected abstract ValueTask<Problem?> AnswerStreamAsync(Loss? loss, HttpRequest http, HeldResponse body, ServerTiming timing);

    /// <summary>Parses and scores a batch in a turn of its own.</summary>
    /// <param name="loss">The loss that the route names; null = the batch names several.</param>
    /// <param name="response">The response to the stream.</param>
    /// <param name="body">The bytes of the batch.</param>
    /// <param name="number">Its place in the stream.</param>
    /// <param name="state">What <paramref name="read"/> needs.</param>
    /// <param name="read">Parses the batch; a problem where it is not in this format at all.</param>
    /// <param name="aborted">The client went away.</param>
    /// <returns>The scores, the request without its tensors, and the clock of the batch.</returns>
    protected async ValueTask<Result<(TRequest Request, ScoreSet Scores, PhaseClock Clock)>> ScoreAsync<TState>(
        Loss? loss, HeldResponse response, RequestBody body, long number, TState state, Func<TState, Allowance, Result<TRequest>> read,
        CancellationToken aborted)
    {
        ServiceMeter.RecordBody(body.Span.Length);
        try
        {
            var entered = await response.Turn.EnterAsync(body.Span.Length, loss is null, aborted);
            if (!entered.TryGet(out var turn, out var problem)) return problem;
            using (turn)
            {
                var clock = new PhaseClock { Line = number };
                var parsed = read(state, new(admission.Limits, body.Memory, turn.Token));
                clock.End(Phase.Parse);
                if (!parsed.TryGet(out var request, out problem)) return problem;
                using (request)
                {
                    var scored = request.Score(scoring);
                    clock.End(Phase.Compute);
                    if (!scored.TryGet(out var scores, out problem)) return problem;
                    request.Batch.CountSamples(scores);
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
}
