using LossService.Core.Losses;
using LossService.Core.Outputs;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats;

/// <summary>
/// One batch as a format read it: a <see cref="ScoreRequest"/>, which is the same for all formats, and the way from an error in it
/// back to its place in the format.
/// </summary>
/// <remarks>Its tensors may look into memory that it owns, so it is disposed after the scores are written.</remarks>
internal abstract class FormatRequest(Loss loss) : IDisposable
{
    /// <summary>What to score.</summary>
    public ScoreRequest Batch { get; } = new(loss);

    /// <summary>How long the scoring may take, where the request says so.</summary>
    protected TimeSpan? Deadline { get; set; }

    /// <summary>Validates the batch and scores it.</summary>
    /// <param name="scoring">The path that all formats share.</param>
    /// <param name="listedErrors">How many errors the problem lists.</param>
    /// <param name="cancellation">Stops between rows.</param>
    /// <returns>The scores, or the problem with every error at its place.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Result<Scores> Score(Scoring scoring, int listedErrors, CancellationToken cancellation)
    {
        using var deadline = Deadline is null ? null : CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline?.CancelAfter(Deadline!.Value);
        try
        {
            return scoring.Score(Batch, deadline?.Token ?? cancellation) is { } scores
                ? scores
                : ProblemTypes.InvalidBatch(
                    [.. Batch.Errors.First.Take(listedErrors).Select(Locate)], Batch.Errors.Total, Describe(Batch.Errors.First[0]));
        }
        catch (OperationCanceledException) when (deadline is not null && !cancellation.IsCancellationRequested)
        {
            return ProblemTypes.Timeout(Deadline!.Value);
        }
    }

    /// <summary>Says in the format's terms where an error is.</summary>
    protected abstract ProblemError Locate(RequestError error);

    /// <summary>An error in words: where and what.</summary>
    protected virtual string Describe(RequestError error) => error.ToString();

    /// <inheritdoc/>
    public virtual void Dispose() => Batch.Dispose();
}
