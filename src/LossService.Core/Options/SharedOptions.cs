namespace LossService.Core.Options;

/// <summary>The options that several losses share, each declared once.</summary>
public static class SharedOptions
{
    /// <summary>
    /// The largest weight, margin and the like, and the reciprocal of the smallest: far beyond any use, and so far inside the range of a
    /// double that no product or sum of them leaves it.
    /// </summary>
    internal const double Largest = 1e100, Smallest = 1e-100;

    /// <summary>The largest exponent of a focusing factor.</summary>
    internal const double LargestExponent = 1e6;

    // as many axes as any format takes
    private const int MaxRank = 32;

    /// <summary>The option <c>class_weight</c>.</summary>
    public static readonly Option<double[]?> ClassWeight = new("class_weight", OptionForm.PerClass, null,
        "w: one weight per class [K]. Multiplies the loss of samples of that class and their share of the mean's divisor. A class of a "
        + "binary loss is a place on the last axis.")
    { Minimum = 0, MinimumAboveZero = Smallest, Maximum = Largest };

    /// <summary>The option <c>ignore_index</c>.</summary>
    public static readonly Option<long[]?> IgnoreIndex = new("ignore_index", OptionForm.Integers, null,
        "Samples with this label, or one of these labels, are left out: loss 0, gradient 0, not counted in the mean. "
        + "Outputs that depend on the predictions alone are computed.")
    { MaxCount = 1000 };

    /// <summary>The option <c>label_smoothing</c>.</summary>
    public static readonly Option<double> LabelSmoothing = new("label_smoothing", OptionForm.Number, 0,
        "The target becomes (1 − label_smoothing)·t + label_smoothing/K, with K = 2 for binary losses.")
    { Minimum = 0, Maximum = 1 };

    /// <summary>The option <c>smoothing_over</c>, of categorical losses.</summary>
    public static readonly Option<string> SmoothingOver = new("smoothing_over", OptionForm.Choice, SmoothingOverClasses,
        "Which classes label_smoothing spreads over. classes: all K. finite: those whose log-probability is above −∞, so that a class "
        + "ruled out by a logit of −∞ gets no share.")
    { Choices = [SmoothingOverClasses, SmoothingOverFinite] };

    /// <summary>The option <c>temperature</c>.</summary>
    public static readonly Option<double> Temperature = new("temperature", OptionForm.Number, 1,
        "T: logits are divided by it before softmax or sigmoid.")
    { Minimum = 1e-20, Maximum = 1e20, OnlyWith = PredictionForm.Logits };

    /// <summary>The option <c>label_temperature</c>; null = that of the predictions.</summary>
    public static readonly Option<double?> LabelTemperature = new("label_temperature", OptionForm.Number, null,
        "label_logits are divided by it before softmax or sigmoid. Without it, they are divided by temperature.")
    { Minimum = 1e-20, Maximum = 1e20, OnlyWithLabels = [TargetForm.Logits] };

    /// <summary>The option <c>remainder</c>, of sparse labels.</summary>
    public static readonly Option<string> Remainder = new("remainder", OptionForm.Choice, RemainderError,
        "What becomes of the probability that a sparse row leaves to the classes it does not name. error: a row must sum to 1. normalize: "
        + "the row is divided by its sum. uniform: those classes get equal shares of it.")
    { Choices = [RemainderError, RemainderNormalize, RemainderUniform], OnlyWithLabels = [TargetForm.Values, TargetForm.LogValues] };

    /// <summary>The option <c>temperature_squared</c>.</summary>
    public static readonly Option<bool> TemperatureSquared = new("temperature_squared", OptionForm.Flag, false,
        "Multiplies the loss and the gradient by T², so that a softened target's gradient keeps its size (Hinton et al., 2015).")
    { OnlyWith = PredictionForm.Logits };

    /// <summary>The option <c>logit_bias</c>.</summary>
    public static readonly Option<double[]?> LogitBias = new("logit_bias", OptionForm.PerClass, null,
        "b: one number per class [K], added to the logits after their division by temperature: p is that of z/T + b, in every output. "
        + "With the logs of the classes' shares, it is logit adjustment for imbalanced classes.")
    { Minimum = -1e6, Maximum = 1e6, OnlyWith = PredictionForm.Logits };

    /// <summary>The option <c>pos_weight</c>, of binary losses.</summary>
    public static readonly Option<double[]?> PosWeight = new("pos_weight", OptionForm.NumberOrPerClass, null,
        "π: weight of the positive term; one number, or one per class on the last axis [K]. Above 1 favours recall, below 1 precision.")
    { Minimum = 0, Maximum = Largest };

    /// <summary>The option <c>clip</c>.</summary>
    public static readonly Option<double> Clip = new("clip", OptionForm.Number, 0,
        "Posted probabilities are clipped to [clip, 1 − clip], and may lie outside [0, 1] by as much as a row's sum may be off; "
        + "0 turns clipping off. The gradient of a clipped probability is 0.")
    { Minimum = 0, Maximum = 0.5, OnlyWith = PredictionForm.Probabilities };

    /// <summary>The option <c>normalize</c>.</summary>
    public static readonly Option<bool> Normalize = new("normalize", OptionForm.Flag, false,
        "Divides rows of probabilities, and of dense labels, by their sums. The gradient is with respect to the numbers as posted.");

    /// <summary>The option <c>class_axis</c>.</summary>
    public static readonly Option<int> ClassAxis = new("class_axis", OptionForm.Integer, -1,
        "The axis of the predictions, and of dense labels, that the classes are on: 0 is the first, −1 the last; 1 for [N, C, H, W]. "
        + "Samples have the shape without it.")
    { Minimum = -MaxRank, Maximum = MaxRank - 1 };

    /// <summary>The option <c>margin</c>.</summary>
    public static readonly Option<double> Margin = new("margin", OptionForm.Number, 1,
        "m: margin in logits. The loss is 0 where the label's side leads by at least m.")
    { Minimum = 0, Maximum = Largest };

    /// <summary>The option <c>top_k</c>.</summary>
    public static readonly Option<long[]?> TopK = new("top_k", OptionForm.Integers, null,
        "k, or several: metrics reports the top-k accuracy for each.")
    { Minimum = 1, MaxCount = 100 };

    /// <summary>The option <c>bins</c>.</summary>
    public static readonly Option<int> Bins = new("bins", OptionForm.Integer, 15,
        "Number of bins of the reliability diagram in metrics.")
    { Minimum = 1, Maximum = 1000 };

    /// <summary>The option <c>per_class</c>.</summary>
    public static readonly Option<bool> PerClass = new("per_class", OptionForm.Flag, false,
        "Adds to metrics the counts of each class, its precision, recall, F1 and IoU, their means, and the balanced accuracy; for at most "
        + "1000 classes. The classes of a binary loss are the last axis of predictions of rank 2 or more; else there is one.");

    /// <summary>The option <c>confusion_matrix</c>.</summary>
    public static readonly Option<bool> ConfusionMatrix = new("confusion_matrix", OptionForm.Flag, false,
        "Adds to metrics the weight of the samples by label, then by prediction; for at most 100 classes.");

    /// <summary>The option <c>class_wise_calibration</c>.</summary>
    public static readonly Option<bool> ClassWiseCalibration = new("class_wise_calibration", OptionForm.Flag, false,
        "Adds to metrics the calibration error of each class's probability over all samples, in bins of equal width, and the mean of "
        + "the classes; for at most 15000 bins, those of all classes together. The classes are those of per_class.");

    /// <summary>The option <c>equal_mass_calibration</c>.</summary>
    public static readonly Option<bool> EqualMassCalibration = new("equal_mass_calibration", OptionForm.Flag, false,
        "Adds to metrics the calibration error over bins of equal weight, as many as bins, beside that over bins of equal width. It is of "
        + "the batch: the summary of a stream has none.");

    /// <summary>The option <c>fit_temperature</c>.</summary>
    public static readonly Option<bool> FitTemperature = new("fit_temperature", OptionForm.Flag, false,
        "Adds to metrics the temperature that makes the cross-entropy of the batch least, with cross-entropy and calibration error before "
        + "and after. It is of the batch: the summary of a stream has none.")
    { OnlyWith = PredictionForm.Logits };

    /// <summary>The option <c>calibration</c>, of binary losses.</summary>
    public static readonly Option<string> Calibration = new("calibration", OptionForm.Choice, CalibrationPositive,
        "What the reliability diagram in metrics compares. positive: the probability of the positive class with the label; "
        + "predicted: the probability of the predicted class with its being the label's.")
    { Choices = [CalibrationPositive, "predicted"] };

    /// <summary>The option <c>link</c>, of overlap losses.</summary>
    public static readonly Option<string> Link = new("link", OptionForm.Choice, "softmax",
        "What makes probabilities of logits: softmax, over the classes, or sigmoid, of each class by itself.")
    { Choices = ["softmax", LinkSigmoid], OnlyWith = PredictionForm.Logits };

    /// <summary>The option <c>per</c>, of overlap losses.</summary>
    public static readonly Option<string> Per = new("per", OptionForm.Choice, "batch",
        "What the sums run over: the whole batch, or each item, an index of the first axis that is not the classes'. item gives each image "
        + "the same weight; batch is steadier where many images lack a class.")
    { Choices = ["batch", PerItem] };

    /// <summary>The option <c>smooth</c>, of overlap losses.</summary>
    public static readonly Option<double> Smooth = new("smooth", OptionForm.Number, 0,
        "s: is added to the numerator and to the denominator of the overlap. With 0, a class that is neither predicted nor labelled, so "
        + "that its sums are 0, has the loss 0.")
    { Minimum = 0, MinimumAboveZero = Smallest, Maximum = Largest };

    /// <summary>The choice of <see cref="Link"/> that is not the default.</summary>
    internal const string LinkSigmoid = "sigmoid";

    /// <summary>The choice of <see cref="Per"/> that is not the default.</summary>
    internal const string PerItem = "item";

    /// <summary>The values of <see cref="SmoothingOver"/>; the first is the default.</summary>
    internal const string SmoothingOverClasses = "classes", SmoothingOverFinite = "finite";

    /// <summary>The values of <see cref="Remainder"/>; the first is the default.</summary>
    internal const string RemainderError = "error", RemainderNormalize = "normalize", RemainderUniform = "uniform";

    /// <summary>The default of <see cref="Calibration"/>.</summary>
    internal const string CalibrationPositive = "positive";
}
