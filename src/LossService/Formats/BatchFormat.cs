using LossService.Core.Losses;
using LossService.Core.Outputs;
using LossService.Http;
using LossService.Problems;
using LossService.Requests;
using LossService.Telemetry;
using Microsoft.Extensions.Options;

namespace LossService.Formats;

/// <summary>A format whose body is one batch: read the body, parse it, score the batch, write the scores, and time each step.</summary>
/// <typeparam name="TRequest">A batch as the format reads it.</typeparam>
internal abstract class BatchFormat<TRequest>(Scoring scoring, IOptions<Limits> limits) : IFormat where TRequest : FormatRequest
{
    /// <inheritdoc/>
    public abstract IReadOnlyList<BodyType> Reads { get; }

    /// <inheritdoc/>
    public abstract IReadOnlyList<BodyType> Writes { get; }

    /// <inheritdoc/>
    public abstract string NameOf(HttpRequest http);

    /// <inheritdoc/>
    public async ValueTask<IResult> AnswerAsync(Loss loss, HttpRequest http, MediaType type)
    {
        var cancellation = http.HttpContext.RequestAborted;
        var timing = ServerTiming.Start(http.HttpContext, loss.Name, NameOf(http));
        var received = await RequestBody.ReadAsync(http, limits.Value.BodyBytes, cancellation);
        timing.Mark(Phase.Read);
        if (!received.TryGet(out var body, out var problem)) return problem;
        ServiceMeter.RecordBody(body.Span.Length);

        var parsed = Read(loss, body, http);
        timing.Mark(Phase.Parse);
        if (!parsed.TryGet(out var request, out problem)) return problem;
        using (request)
        {
            var scored = request.Score(scoring, limits.Value.ListedErrors, cancellation);
            timing.Mark(Phase.Compute);
            if (!scored.TryGet(out var scores, out problem)) return problem;
            ServiceMeter.CountSamples(loss.Name, scores.Totals.Samples);
            using (scores)
            {
                var response = http.HttpContext.Response;
                response.ContentType = type.Name;
                timing.Announce(response);
                using var writer = new ResponseWriter(response);
                await WriteAsync(request, scores, response, writer);
                timing.Mark(Phase.Write);
                await writer.FinishAsync(cancellation);
                timing.Finish(response);
            }
        }
        return Results.Empty;
    }

    /// <summary>Parses a body.</summary>
    /// <param name="loss">The loss that the route names.</param>
    /// <param name="body">The body; the method owns it and disposes of it, at once or with the request.</param>
    /// <param name="http">The request, for a format that uses its headers or its query.</param>
    /// <returns>The request, with the errors found in it; a problem where the body is not in this format at all.</returns>
    protected abstract Result<TRequest> Read(Loss loss, RequestBody body, HttpRequest http);

    /// <summary>Writes scores.</summary>
    /// <param name="request">The request that they answer.</param>
    /// <param name="scores">The scores.</param>
    /// <param name="response">For its headers; its Content-Type is the one that was negotiated.</param>
    /// <param name="body">The body of the response.</param>
    protected abstract ValueTask WriteAsync(TRequest request, Scores scores, HttpResponse response, ResponseWriter body);
}
