using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Outputs;

namespace LossService.Tests.Shared;

/// <summary>Scores as plain arrays.</summary>
internal sealed record Scored(
    double? Loss, Totals Totals, double[] Losses, double[] Gradient, double[] Probabilities, double[] LogProbabilities,
    double[] Entropy, double[] Predictions, Metrics? Metrics)
{
    /// <summary>All the numbers there are of samples and predictions, one after the other.</summary>
    public IEnumerable<double> Elements =>
        [.. Losses, .. Gradient, .. Probabilities, .. LogProbabilities, .. Entropy, .. Predictions];

    /// <summary>Scores a draft.</summary>
    public static Scored Of(Draft draft, OutputSet outputs)
    {
        using var batch = draft.ToBatch(outputs);
        return Of(draft.Loss, batch);
    }

    /// <summary>Scores a batch: the one place of the tests that calls a loss.</summary>
    public static Scored Of(Loss loss, Batch batch)
    {
        using var scores = loss.Score(batch, TestContext.Current.CancellationToken);
        return new(
            scores.Loss, scores.Totals, TestTensor.Read(scores.Losses), TestTensor.Read(scores.Gradient),
            TestTensor.Read(scores.Probabilities), TestTensor.Read(scores.LogProbabilities), TestTensor.Read(scores.Entropy),
            TestTensor.Read(scores.Predictions), scores.Metrics);
    }
}
