using LossService.Core.Losses;
using LossService.Http;
using LossService.Problems;
using LossService.Requests;
using LossService.Telemetry;

namespace LossService.Formats;

/// <summary>A format whose body is a stream of batches, each of which is read, scored in a turn of its own, and answered.</summary>
internal abstract class StreamFormat(Scoring scoring, Admission admission) : IFormat
{
    /// <inheritdoc/>
    public abstract IReadOnlyList<BodyType> Reads { get; }

    /// <inheritdoc/>
    public abstract IReadOnlyList<BodyType> Writes { get; }

    /// <summary>What all requests share.</summary>
    protected Admission Admission => admission;

    /// <summary>Scores the batches.</summary>
    protected BatchScoring Scoring { get; } = new(scoring, admission);

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
}
