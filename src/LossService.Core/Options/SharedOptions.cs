namespace LossService.Core.Options;

/// <summary>The options that several losses take, each declared once.</summary>
public static class SharedOptions
{
    /// <summary>The option <c>class_weight</c>.</summary>
    public static readonly Option<double[]?> ClassWeight = new("class_weight", OptionForm.PerClass, null,
        "One weight for each class [K]: multiplies the loss of a sample of that class, and its share in the mean.")
    { Minimum = 0 };

    /// <summary>The option <c>ignore_index</c>.</summary>
    public static readonly Option<long[]?> IgnoreIndex = new("ignore_index", OptionForm.Integers, null,
        "Samples with this label, or one of these, are left out: never read, gradient 0.");

    /// <summary>The option <c>label_smoothing</c>.</summary>
    public static readonly Option<double> LabelSmoothing = new("label_smoothing", OptionForm.Number, 0,
        "α: the target becomes t·(1 − α) + α/K (binary: K = 2).")
    { Minimum = 0, Maximum = 1 };

    /// <summary>The option <c>temperature</c>.</summary>
    public static readonly Option<double> Temperature = new("temperature", OptionForm.Number, 1,
        "Logits are divided by it before the softmax or sigmoid.")
    { Minimum = 0, Open = true, OnlyWith = PredictionForm.Logits };

    /// <summary>The option <c>clip</c>.</summary>
    public static readonly Option<double> Clip = new("clip", OptionForm.Number, 0,
        "ε: posted probabilities are clipped to [ε, 1 − ε]; 0 = not at all. The gradient is 0 where one was.")
    { Minimum = 0, Maximum = 0.5, OnlyWith = PredictionForm.Probabilities };

    /// <summary>The option <c>margin</c>.</summary>
    public static readonly Option<double> Margin = new("margin", OptionForm.Number, 1,
        "How far the right side must be ahead, in logits, to cost nothing.")
    { Minimum = 0 };

    /// <summary>The option <c>top_k</c>.</summary>
    public static readonly Option<long[]?> TopK = new("top_k", OptionForm.Integers, null,
        "The k for which metrics has the top-k accuracy.")
    { Minimum = 1 };

    /// <summary>The option <c>bins</c>.</summary>
    public static readonly Option<int> Bins = new("bins", OptionForm.Integer, 15,
        "The number of bins of the reliability diagram in metrics.")
    { Minimum = 1, Maximum = 1000 };
}
