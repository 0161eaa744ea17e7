using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Http;
using LossService.Problems;
using LossService.Requests;
using LossService.Telemetry;

namespace LossService.Formats;

/// <summary>Parses and scores the batches of streams, each in a turn of its own.</summary>
internal sealed class BatchScoring(Scoring scoring, Admission admission)
{
    /// <summary>What all requests share.</summary>
    public Admission Admission => admission;

    /// <summary>Waits for a turn to parse and score a batch.</summary>
    /// <param name="response">The response to the stream.</param>
    /// <param name="bytes">The length of the batch.</param>
    /// <param name="isOfSeveral">Whether it names its losses itself.</param>
    /// <param name="aborted">The client went away.</param>
    /// <returns>The turn, or the problem where it does not come.</returns>
    /// <exception cref="OperationCanceledException">The client went away.</exception>
    public async ValueTask<Result<ComputeTurn>> EnterAsync(HeldResponse response, long bytes, bool isOfSeveral, CancellationToken aborted)
    {
        try
        {
            return await response.Turn.EnterAsync(bytes, isOfSeveral, aborted);
        }
        catch (Exception failed) when (Explain(failed, aborted) is { } problem)
        {
            return problem;
        }
    }

    /// <summary>Parses and scores a batch.</summary>
    /// <param name="state">What <paramref name="read"/> needs.</param>
    /// <param name="read">Parses the batch; a problem where it is not in its format at all.</param>
    /// <param name="memory">What its tensors and scores are taken from.</param>
    /// <param name="turn">Its turn, which ends with this.</param>
    /// <param name="measures">Times its phases.</param>
    /// <param name="aborted">The client went away.</param>
    /// <returns>The scores, and the request without its tensors.</returns>
    /// <exception cref="OperationCanceledException">The client went away.</exception>
    public Result<(TRequest Request, ScoreSet Scores)> Score<TRequest, TState>(
        TState state, Func<TState, Allowance, Result<TRequest>> read, MemoryBudget? memory, ComputeTurn turn, BatchMeasures measures,
        CancellationToken aborted) where TRequest : FormatRequest
    {
        try
        {
            using (turn)
            {
                var parsed = read(state, new(admission.Limits, memory, turn.Token));
                measures.End(Phase.Parse);
                if (!parsed.TryGet(out var request, out var problem)) return problem;
                using (request)
                {
                    var scored = request.Score(scoring);
                    measures.End(Phase.Compute);
                    if (!scored.TryGet(out var scores, out problem)) return problem;
                    return (request, scores);
                }
            }
        }
        catch (Exception failed) when (Explain(failed, aborted) is { } problem)
        {
            return problem;
        }
    }

    private Problem? Explain(Exception failed, CancellationToken aborted) =>
        FailureProblems.Find(failed, aborted.IsCancellationRequested, admission.Limits.ComputeSeconds);
}
