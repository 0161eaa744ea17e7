using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Tests.Support;

/// <summary>Scores as plain arrays. Equal by value; ±0 are equal, and NaN is equal to itself.</summary>
internal sealed record Scored(
    double? Loss, Totals Totals, double[] Losses, double[] Gradient, double[] Probabilities, double[] LogProbabilities,
    double[] Entropy, double[] Predictions, Metrics? Metrics)
{
    public static Scored From(Scores scores) => new(
        scores.Loss, scores.Totals, Read(scores.Losses), Read(scores.Gradient), Read(scores.Probabilities),
        Read(scores.LogProbabilities), Read(scores.Entropy), Read(scores.Predictions), scores.Metrics);

    /// <summary>All the numbers there are of samples and predictions, one after the other.</summary>
    public IEnumerable<double> Elements =>
        [.. Losses, .. Gradient, .. Probabilities, .. LogProbabilities, .. Entropy, .. Predictions];

    private static double[] Read(Tensor? tensor)
    {
        if (tensor is null) return [];
        var values = new double[tensor.Count];
        tensor.Read(0, values);
        return values;
    }
}
