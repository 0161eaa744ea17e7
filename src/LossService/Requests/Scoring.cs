using LossService.Core;
using LossService.Core.Outputs;
using LossService.Core.Validation;

namespace LossService.Requests;

/// <summary>The one path of every format: a request, once read, is checked and scored.</summary>
internal sealed class Scoring(RequestValidator validator)
{
    /// <summary>Scores a request, or finds what is wrong with it.</summary>
    /// <param name="request">As its format read it.</param>
    /// <param name="cancellation">Stops between rows.</param>
    /// <returns>The scores; null where the request's errors say why not.</returns>
    public Scores? Score(ScoreRequest request, CancellationToken cancellation)
    {
        if (request.Errors.Total > 0) RequestValidator.AddMissing(request);
        if (request.Errors.Total > 0 || !validator.Validate(request).IsValid) return null;
        var problems = new BatchProblems();
        var batch = request.ToBatch(request.Form!.Value);
        var scores = Scorer.TryScore(request.Loss, batch, problems, cancellation);
        request.Errors.Add(problems);
        if (scores is not null) request.Notices = NoticeRules.Find(request.Loss, batch);
        return scores;
    }
}
