using LossService.Core;
using LossService.Core.Batches;
using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Core.Validation;

namespace LossService.Requests;

/// <summary>The one path of every format: a request, once read, is checked and scored.</summary>
internal sealed class Scoring(RequestValidator validator)
{
    /// <summary>Scores a request, or finds what is wrong with it.</summary>
    /// <param name="request">As its format read it.</param>
    /// <param name="cancellation">Ends the scoring: the request's token, or one that ends earlier.</param>
    /// <returns>The scores; null where the request's errors say why not.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="MemoryBudgetException">The scores do not fit into the request's memory, now or ever.</exception>
    public ScoreSet? Score(ScoreRequest request, CancellationToken cancellation)
    {
        if (request.Errors.Total > 0) RequestValidator.AddMissing(request);
        if (request.Errors.Total > 0 || !validator.Validate(request).IsValid) return null;
        if (request.HasSeveral) return EntryScoring.Score(request, cancellation);
        var problems = new BatchProblems();
        var batch = request.ToBatch(request.Form!.Value);
        var scores = Scorer.TryScore(request.Loss, batch, problems, cancellation);
        request.Errors.Add(problems);
        if (scores is null) return null;
        request.Notices = FindNotices(request, batch, scores, cancellation);
        return new(scores);
    }

    private static IReadOnlyList<BatchNotice> FindNotices(
        ScoreRequest request, Batch batch, Scores scores, CancellationToken cancellation)
    {
        try
        {
            return NoticeRules.Find(request.Loss, batch, cancellation);
        }
        catch
        {
            scores.Dispose();
            throw;
        }
    }
}
