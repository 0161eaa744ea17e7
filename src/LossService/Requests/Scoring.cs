using LossService.Core.Outputs;

namespace LossService.Requests;

/// <summary>
/// The one path of every format: a request, once read, is validated, made a batch, and scored.
/// </summary>
internal sealed class Scoring(RequestValidator validator)
{
    /// <summary>Scores a request, or finds what is wrong with it.</summary>
    /// <param name="request">As its format read it.</param>
    /// <param name="cancellation">Stops between rows.</param>
    /// <returns>The scores; null where the request's findings say why not.</returns>
    public Scores? Score(ScoreRequest request, CancellationToken cancellation) =>
        validator.Check(request).Total > 0 ? null
            : request.Loss.Score(request.ToBatch(request.Form()!.Value), cancellation);
}
