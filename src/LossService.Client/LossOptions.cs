using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace LossService.Client;

/// <summary>
/// The options of a batch: those of every loss, and those that a loss declares. What is null is not given, and the service's default
/// counts. The service refuses an option that its loss does not have.
/// </summary>
public sealed class LossOptions
{
    private readonly Dictionary<string, object> _values = [];

    /// <summary>How the losses become one.</summary>
    public LossReduction? Reduction { get => Get<LossReduction?>(); set => Set(value); }

    /// <summary>What a mean divides by.</summary>
    public LossMeanOver? MeanOver { get => Get<LossMeanOver?>(); set => Set(value); }

    /// <summary>A number that a mean divides by, in place of what <see cref="MeanOver"/> says.</summary>
    public double? Divisor { get => GetNumber(); set => Set(value); }

    /// <summary>Nats or bits.</summary>
    public LossUnit? Unit { get => Get<LossUnit?>(); set => Set(value); }

    /// <summary>The dtype of result tensors, float32 or float64; by default that of the predictions.</summary>
    public LossDType? DType { get => Get<LossDType?>("dtype"); set => Set(value, "dtype"); }

    /// <summary>Samples with these labels are left out.</summary>
    public IReadOnlyList<long>? IgnoreIndex { get => Get<IReadOnlyList<long>>(); set => Set(value); }

    /// <summary>The target becomes (1 − label_smoothing)·t + label_smoothing/K.</summary>
    public double? LabelSmoothing { get => GetNumber(); set => Set(value); }

    /// <summary>Which classes <see cref="LabelSmoothing"/> spreads over.</summary>
    public LossSmoothingOver? SmoothingOver { get => Get<LossSmoothingOver?>(); set => Set(value); }

    /// <summary>Logits are divided by it.</summary>
    public double? Temperature { get => GetNumber(); set => Set(value); }

    /// <summary>A teacher's logits are divided by it; by default by <see cref="Temperature"/>.</summary>
    public double? LabelTemperature { get => GetNumber(); set => Set(value); }

    /// <summary>What becomes of the probability that sparse labels leave to the classes they do not name.</summary>
    public LossRemainder? Remainder { get => Get<LossRemainder?>(); set => Set(value); }

    /// <summary>Multiplies the loss and the gradient by the square of <see cref="Temperature"/>.</summary>
    public bool? TemperatureSquared { get => Get<bool?>(); set => Set(value); }

    /// <summary>One number for each class, added to the logits after their division by <see cref="Temperature"/>.</summary>
    public IReadOnlyList<double>? LogitBias { get => Get<IReadOnlyList<double>>(); set => Set(value); }

    /// <summary>One weight for each class.</summary>
    public IReadOnlyList<double>? ClassWeight { get => Get<IReadOnlyList<double>>(); set => Set(value); }

    /// <summary>Probabilities are clipped to [clip, 1 − clip].</summary>
    public double? Clip { get => GetNumber(); set => Set(value); }

    /// <summary>Rows of probabilities and of dense labels are divided by their sums.</summary>
    public bool? Normalize { get => Get<bool?>(); set => Set(value); }

    /// <summary>The axis that the classes are on; −1, the default, is the last, 1 that of [N, C, H, W].</summary>
    public long? ClassAxis { get => Get<long?>(); set => Set(value); }

    /// <summary>The k of the top-k accuracies in the metrics.</summary>
    public IReadOnlyList<long>? TopK { get => Get<IReadOnlyList<long>>(); set => Set(value); }

    /// <summary>The number of bins of the reliability diagram in the metrics.</summary>
    public long? Bins { get => Get<long?>(); set => Set(value); }

    /// <summary>Whether the metrics have the counts and scores of each class.</summary>
    public bool? PerClass { get => Get<bool?>(); set => Set(value); }

    /// <summary>Whether the metrics have a confusion matrix.</summary>
    public bool? ConfusionMatrix { get => Get<bool?>(); set => Set(value); }

    /// <summary>Whether the metrics have the calibration error of each class's probability, and their mean.</summary>
    public bool? ClassWiseCalibration { get => Get<bool?>(); set => Set(value); }

    /// <summary>Whether the metrics have bins of equal weight, and the calibration error over them.</summary>
    public bool? EqualMassCalibration { get => Get<bool?>(); set => Set(value); }

    /// <summary>Whether the metrics have the temperature that makes the cross-entropy of the batch least.</summary>
    public bool? FitTemperature { get => Get<bool?>(); set => Set(value); }

    /// <summary>What the reliability diagram of a binary loss compares.</summary>
    public CalibrationOf? Calibration { get => Get<CalibrationOf?>(); set => Set(value); }

    /// <summary>What makes probabilities of logits in an overlap loss.</summary>
    public LossLink? Link { get => Get<LossLink?>(); set => Set(value); }

    /// <summary>What the sums of an overlap loss run over.</summary>
    public OverlapPer? Per { get => Get<OverlapPer?>(); set => Set(value); }

    /// <summary>What is added to the numerator and the denominator of an overlap.</summary>
    public double? Smooth { get => GetNumber(); set => Set(value); }

    /// <summary>The margin of hinge losses.</summary>
    public double? Margin { get => GetNumber(); set => Set(value); }

    /// <summary>The focusing exponent of focal losses.</summary>
    public double? Gamma { get => GetNumber(); set => Set(value); }

    /// <summary>The weight of positives (<c>binary_focal</c>), of classes (<c>focal</c>) or of false positives (<c>tversky</c>).</summary>
    public LossFactor? Alpha { get => Get<LossFactor?>(); set => Set(value); }

    /// <summary>The weight of the positive term of <c>binary_cross_entropy</c>, <c>binary_focal</c> and <c>asymmetric</c>.</summary>
    public LossFactor? PosWeight { get => Get<LossFactor?>(); set => Set(value); }

    /// <summary>The weight of the labels in the mixture of <c>js_divergence</c>, or of false negatives (<c>tversky</c>).</summary>
    public double? Beta { get => GetNumber(); set => Set(value); }

    /// <summary>Which divergence <c>kl_divergence</c> is.</summary>
    public KlDirection? Direction { get => Get<KlDirection?>(); set => Set(value); }

    /// <summary>The logarithm of a label of 0, of <c>symmetric_cross_entropy</c>.</summary>
    public double? LogZero { get => GetNumber(); set => Set(value); }

    /// <summary>The ε of <c>poly_cross_entropy</c>.</summary>
    public double? Epsilon { get => GetNumber(); set => Set(value); }

    /// <summary>The focusing exponent of negatives of <c>asymmetric</c>.</summary>
    public double? GammaNeg { get => GetNumber(); set => Set(value); }

    /// <summary>The focusing exponent of positives of <c>asymmetric</c>.</summary>
    public double? GammaPos { get => GetNumber(); set => Set(value); }

    /// <summary>What <c>asymmetric</c> subtracts from the probability of negatives.</summary>
    public double? Shift { get => GetNumber(); set => Set(value); }

    /// <summary>The power of each violation of <c>multi_margin</c>.</summary>
    public long? P { get => Get<long?>(); set => Set(value); }

    /// <summary>The exponent of <c>generalized_cross_entropy</c>.</summary>
    public double? Q { get => GetNumber(); set => Set(value); }

    /// <summary>The factor on logsumexp² of <c>cross_entropy</c>.</summary>
    public double? ZLoss { get => GetNumber(); set => Set(value); }

    /// <summary>
    /// An option by its name in the service's documentation, for those that have no property here: a boolean, a number, a word, or a
    /// list of numbers; null = not given.
    /// </summary>
    /// <exception cref="ArgumentException">The value is none of these.</exception>
    public object? this[string name]
    {
        get => _values.GetValueOrDefault(name);
        set
        {
            if (value is null) _values.Remove(name);
            else _values[name] = value switch
            {
                bool or string or long or double or Enum or LossFactor or IReadOnlyList<long> or IReadOnlyList<double> => value,
                int integer => (long)integer,
                float number => (double)number,
                IReadOnlyList<int> list => (IReadOnlyList<long>)[.. list],
                IReadOnlyList<float> list => (IReadOnlyList<double>)[.. list],
                _ => throw new ArgumentException(
                    $"the option {name} takes a boolean, a number, a word, or a list of numbers, not a {value.GetType()}", nameof(value)),
            };
        }
    }

    /// <summary>Writes the given options as members of an object.</summary>
    internal void Write(Utf8JsonWriter json)
    {
        foreach (var (name, value) in _values)
        {
            json.WritePropertyName(name);
            Write(json, value);
        }
    }

    private static void Write(Utf8JsonWriter json, object value)
    {
        switch (value)
        {
            case bool flag: json.WriteBooleanValue(flag); break;
            case string word: json.WriteStringValue(word); break;
            case LossDType dtype: json.WriteStringValue(dtype.NativeName()); break;
            case Enum choice: json.WriteStringValue(WireName.Of(choice.ToString())); break;
            case LossFactor { IsNone: true }: json.WriteStringValue("none"); break;
            case LossFactor { Classes: { } classes }: WriteList(json, classes); break;
            case LossFactor factor: WriteNumber(json, factor.All); break;
            case long integer: json.WriteNumberValue(integer); break;
            case double number: WriteNumber(json, number); break;
            case IReadOnlyList<double> numbers: WriteList(json, numbers); break;
            case IReadOnlyList<long> integers:
                json.WriteStartArray();
                foreach (var integer in integers) json.WriteNumberValue(integer);
                json.WriteEndArray();
                break;
        }
    }

    private static void WriteList(Utf8JsonWriter json, IReadOnlyList<double> numbers)
    {
        json.WriteStartArray();
        foreach (var number in numbers) WriteNumber(json, number);
        json.WriteEndArray();
    }

    /// <summary>Writes a number; one that is not finite as its name, which the service refuses in words.</summary>
    private static void WriteNumber(Utf8JsonWriter json, double number)
    {
        if (double.IsFinite(number)) json.WriteNumberValue(number);
        else json.WriteStringValue(number.ToString(CultureInfo.InvariantCulture));
    }

    private T? Get<T>([CallerMemberName] string property = "") => (T?)this[WireName.Of(property)];

    private double? GetNumber([CallerMemberName] string property = "") =>
        this[WireName.Of(property)] is { } value ? Convert.ToDouble(value, CultureInfo.InvariantCulture) : null;

    private void Set(object? value, [CallerMemberName] string property = "") => this[WireName.Of(property)] = value;
}
