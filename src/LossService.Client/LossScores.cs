namespace LossService.Client;

/// <summary>What the service computed of a batch. An output that was not asked for is an <see cref="InvalidOperationException"/>.</summary>
public sealed class LossScores
{
    private readonly IReadOnlyDictionary<string, LossTensor> _tensors;
    private readonly (bool IsThere, double? Value) _loss;
    private readonly LossMetrics? _metrics;

    internal LossScores(
        (bool IsThere, double? Value) loss, IReadOnlyDictionary<string, LossTensor> tensors, LossMetrics? metrics, LossTotals totals)
    {
        (_loss, _tensors, _metrics) = (loss, tensors, metrics);
        Totals = totals;
    }

    /// <summary>The id of the request.</summary>
    public string? Id { get; internal init; }

    /// <summary>The reduced loss; null for a mean over nothing.</summary>
    public double? Loss => _loss.IsThere ? _loss.Value : throw Missing(nameof(LossOutputs.Loss));

    /// <summary>The loss of each sample, in the dtype of the predictions.</summary>
    public LossTensor Losses => Find(nameof(LossOutputs.Losses));

    /// <summary>The derivative with respect to the predictions, in their shape and dtype.</summary>
    public LossTensor Gradient => Find(nameof(LossOutputs.Gradient));

    /// <summary>The second derivative by each prediction, in their shape and dtype.</summary>
    public LossTensor Hessian => Find(nameof(LossOutputs.Hessian));

    /// <summary>The predicted probabilities.</summary>
    public LossTensor Probabilities => Find(nameof(LossOutputs.Probabilities));

    /// <summary>Their natural logarithms.</summary>
    public LossTensor LogProbabilities => Find(nameof(LossOutputs.LogProbabilities));

    /// <summary>The entropy of each sample's predicted distribution.</summary>
    public LossTensor Entropy => Find(nameof(LossOutputs.Entropy));

    /// <summary>The predicted class of each sample, as int64.</summary>
    public LossTensor Predictions => Find(nameof(LossOutputs.Predictions));

    /// <summary>The sums of each class of an overlap loss, as float64: true positives, false positives, false negatives.</summary>
    public LossTensor Sums => Find(nameof(LossOutputs.Sums));

    /// <summary>Accuracy, perplexity and calibration.</summary>
    public LossMetrics Metrics => _metrics ?? throw Missing(nameof(LossOutputs.Metrics));

    /// <summary>What the batch adds to a dataset; always there.</summary>
    public LossTotals Totals { get; }

    /// <summary>What is probably a mistake, though it was scored, in words; null = nothing.</summary>
    public string? Notices { get; internal init; }

    private LossTensor Find(string output) => _tensors.TryGetValue(WireName.Of(output), out var tensor) ? tensor : throw Missing(output);

    private static InvalidOperationException Missing(string output) =>
        new($"the batch was not asked for this output; set Outputs to include {nameof(LossOutputs)}.{output}");
}
