namespace LossService.Client;

/// <summary>Predictions, labels and weights to score, the outputs to compute, and the options.</summary>
/// <remarks>
/// The service says what is missing or wrong, so nothing is checked here. A shape is that of the service: predictions of a categorical loss
/// have the classes on the last axis or on <see cref="LossOptions.ClassAxis"/>, labels are class indices (one axis less) or dense rows; for
/// a binary loss both have one shape.
/// </remarks>
public sealed class LossBatch
{
    private readonly Dictionary<string, LossTensor> _tensors = [];

    /// <summary>The predictions as raw scores. Exactly one form of predictions is given.</summary>
    public LossTensor? Logits
    {
        get => this["logits"];
        set => this["logits"] = value;
    }

    /// <summary>The predictions as probabilities.</summary>
    public LossTensor? Probabilities
    {
        get => this["probabilities"];
        set => this["probabilities"] = value;
    }

    /// <summary>The predictions as natural logarithms of probabilities.</summary>
    public LossTensor? LogProbabilities
    {
        get => this["log_probabilities"];
        set => this["log_probabilities"] = value;
    }

    /// <summary>What was true: class indices, or dense rows. Any dtype.</summary>
    public LossTensor? Labels
    {
        get => this["labels"];
        set => this["labels"] = value;
    }

    /// <summary>A teacher's raw scores, in the place of labels.</summary>
    public LossTensor? LabelLogits
    {
        get => this["label_logits"];
        set => this["label_logits"] = value;
    }

    /// <summary>The natural logarithms of a teacher's probabilities, in the place of labels.</summary>
    public LossTensor? LabelLogProbabilities
    {
        get => this["label_log_probabilities"];
        set => this["label_log_probabilities"] = value;
    }

    /// <summary>The weight of each sample; by default 1.</summary>
    public LossTensor? SampleWeight
    {
        get => this["sample_weight"];
        set => this["sample_weight"] = value;
    }

    /// <summary>Which samples are read, as booleans or 0 and 1; by default all.</summary>
    public LossTensor? Mask
    {
        get => this["mask"];
        set => this["mask"] = value;
    }

    /// <summary>What to compute; by default the loss, and the losses of the samples with <see cref="LossReduction.None"/>.</summary>
    public LossOutputs Outputs { get; set; }

    /// <summary>The options of the loss and of the reduction.</summary>
    public LossOptions Options { get; init; } = new();

    /// <summary>Any text, which the scores have too.</summary>
    public string? Id { get; set; }

    /// <summary>A tensor by its name in the service's documentation; null = not given.</summary>
    public LossTensor? this[string name]
    {
        get => _tensors.GetValueOrDefault(name);
        set
        {
            if (value is null) _tensors.Remove(name);
            else _tensors[name] = value;
        }
    }

    /// <summary>The given tensors.</summary>
    internal IReadOnlyDictionary<string, LossTensor> Tensors => _tensors;
}
