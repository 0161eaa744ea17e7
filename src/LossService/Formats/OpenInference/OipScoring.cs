using LossService.Http;
using LossService.Problems;
using LossService.Requests;
using Microsoft.Extensions.Options;

namespace LossService.Formats.OpenInference;

/// <summary>Scores infer requests, for HTTP and gRPC alike.</summary>
internal sealed class OipScoring(Scoring scoring, IOptions<Limits> limits)
{
    /// <summary>Scores a request, or says why not.</summary>
    public (OipResponse? Answer, Problem? Problem) Score(OipRequest request, CancellationToken cancellation) =>
        scoring.Score(request.Batch, cancellation) is { } scores
            ? (new OipResponse(scores, request), null)
            : (null, request.Addresses.ToProblem(request.Errors, limits.Value));
}
