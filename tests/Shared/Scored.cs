using LossService.Core;
using LossService.Core.Options;
using LossService.Core.Outputs;

namespace LossService.Tests.Shared;

/// <summary>Scores as plain arrays.</summary>
internal sealed record Scored(
    double? Loss, Totals Totals, double[] Losses, double[] Gradient, double[] Hessian, double[] Probabilities, double[] LogProbabilities,
    double[] Entropy, double[] Predictions, Metrics? Metrics)
{
    /// <summary>All the numbers there are of samples and predictions, one after the other.</summary>
    public IEnumerable<double> Elements =>
        [.. Losses, .. Gradient, .. Hessian, .. Probabilities, .. LogProbabilities, .. Entropy, .. Predictions];

    /// <summary>Scores a draft.</summary>
    public static Scored Of(Draft draft, OutputSet outputs)
    {
        using var batch = draft.ToBatch(outputs);
        var cancellation = TestContext.Current.CancellationToken;
        using var scores = draft.IsUnchecked ? draft.Loss.Score(batch, cancellation) : Scorer.Score(draft.Loss, batch, cancellation);
        return Read(scores, draft);
    }

    private static Scored Read(Scores scores, Draft draft) => new(
        scores.Loss, scores.Totals, TestTensor.Read(scores.Losses), draft.Unpost(TestTensor.Read(scores.Gradient)),
        draft.Unpost(TestTensor.Read(scores.Hessian)), draft.Unpost(TestTensor.Read(scores.Probabilities)),
        draft.Unpost(TestTensor.Read(scores.LogProbabilities)), TestTensor.Read(scores.Entropy), TestTensor.Read(scores.Predictions),
        scores.Metrics);
}
