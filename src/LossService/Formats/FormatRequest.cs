using System.Diagnostics;
using LossService.Core.Losses;
using LossService.Core.Outputs;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats;

/// <summary>
/// One batch as a format read it: a <see cref="ScoreRequest"/>, which is the same for all formats, and the way from an error in it
/// back to its place in the format.
/// </summary>
/// <remarks>Disposed of as soon as it is scored: what a response says of it needs none of its tensors.</remarks>
internal abstract class FormatRequest(Loss? loss, Allowance allowance) : IDisposable
{
    /// <summary>What to score.</summary>
    public ScoreRequest Batch { get; } = new(loss, allowance);

    /// <summary>How long the scoring may take, where the request says so.</summary>
    protected TimeSpan? Deadline { get; set; }

    /// <summary>Validates the batch and scores it by its loss, or by each of its losses.</summary>
    /// <param name="scoring">The path that all formats share.</param>
    /// <returns>The scores, or the problem with every error at its place.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Result<ScoreSet> Score(Scoring scoring)
    {
        if (Deadline is not { } timeout) return ScoreUntil(scoring, Batch.Allowance.Cancellation);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Batch.Allowance.Cancellation);
        deadline.CancelAfter(timeout);
        var start = Stopwatch.GetTimestamp();
        try
        {
            var result = ScoreUntil(scoring, deadline.Token);
            // a timer counts milliseconds, and may be late
            if (Stopwatch.GetElapsedTime(start) <= timeout || !result.TryGet(out var scores, out _)) return result;
            scores.Dispose();
            return ProblemTypes.Timeout(timeout);
        }
        catch (OperationCanceledException) when (!Batch.Allowance.Cancellation.IsCancellationRequested)
        {
            return ProblemTypes.Timeout(timeout);
        }
    }

    private Result<ScoreSet> ScoreUntil(Scoring scoring, CancellationToken cancellation) =>
        scoring.Score(Batch, cancellation) is { } scores ? scores : ToProblem();

    /// <summary>The problem of the errors found, of which there is one at least.</summary>
    protected Problem ToProblem() => ProblemTypes.InvalidBatch(
        [.. Batch.Errors.First.Take(Batch.Allowance.Limits.ListedErrors).Select(Locate)],
        Batch.Errors.Total, Describe(Batch.Errors.First[0]));

    /// <summary>Says in the format's terms where an error is.</summary>
    protected abstract ProblemError Locate(RequestError error);

    /// <summary>An error in words: where and what.</summary>
    protected virtual string Describe(RequestError error) => error.ToString();

    /// <inheritdoc/>
    public virtual void Dispose() => Batch.Dispose();
}
