using LossService.Problems;
using Microsoft.Extensions.Options;

namespace LossService.Formats.Oip;

/// <summary>Scores infer requests, for HTTP and gRPC alike.</summary>
internal sealed class OipScoring(Scoring scoring, IOptions<Limits> limits)
{
    /// <summary>Scores a request, or says why not.</summary>
    public (OipAnswer? Answer, Problem? Problem) Score(OipRequest request, CancellationToken cancellation) =>
        scoring.Score(request.Batch, cancellation) is { } scores
            ? (new OipAnswer(scores, request), null)
            : (null, request.Addresses.ToProblem(request.Findings, limits.Value));
}
