using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Requests;

namespace LossService.Formats;

/// <summary>A result of a batch as a tensor, for formats that have no groups of numbers: its name, and where it is taken from.</summary>
/// <param name="Name">As clients ask for it.</param>
/// <param name="Computes">What must be computed for it; none for totals.</param>
/// <param name="DType">Its datatype; null = the predictions'.</param>
/// <param name="Take">Its tensor; null where it was not computed.</param>
/// <param name="Axes">Its shape for a batch of a categorical loss; −1 = any length.</param>
internal sealed record TensorOutput(string Name, OutputSet Computes, DType? DType, Func<Scores, Tensor?> Take, params long[] Axes)
{
    /// <summary>All of them. Each metric and each total is a tensor of its own; a number without a value is NaN.</summary>
    public static IReadOnlyList<TensorOutput> All { get; } =
    [
        .. OutputCatalogue.All.SelectMany(Expand),
        new("total_samples", OutputSet.None, Core.Tensors.DType.Int64, scores => Count(scores.Totals.Samples), 1),
        new("total_weight", OutputSet.None, DType64, scores => Vector(scores.Totals.Weight), 1),
        new("total_loss", OutputSet.None, DType64, scores => Vector(scores.Totals.Loss), 1),
    ];

    /// <summary>Those that a loss has.</summary>
    public static IEnumerable<TensorOutput> GetAll(Loss loss) => All.Where(output =>
        (output.Computes == OutputSet.None || loss.Outputs.Any(own => own.IsIn(output.Computes)))
        && (output.Name != TopK || loss.Options.Contains(SharedOptions.TopK))
        && (output.Name != Matrix || loss.Options.Contains(SharedOptions.ConfusionMatrix))
        && (output.Name != Fit || loss.Options.Contains(SharedOptions.FitTemperature)));

    /// <summary>Those that a request gets: what it asks for, or the default, and the totals.</summary>
    public static IEnumerable<TensorOutput> GetAsked(ScoreRequest request)
    {
        var asked = request.Outputs ?? OutputCatalogue.GetDefault(request.Reduction);
        return GetAll(request.Loss).Where(output => output.Computes == OutputSet.None || (output.Computes & asked) != 0);
    }

    /// <summary>Whether it is a single number.</summary>
    public bool IsNumber => Axes is [1];

    /// <summary>Its shape where it has elements for each sample; null where it is of the batch.</summary>
    public OutputShape? PerSample { get; private init; }

    private const string TopK = "top_k_accuracy", Matrix = "confusion_matrix", Fit = "temperature_fit";
    private const DType DType64 = Core.Tensors.DType.Float64;

    private static TensorOutput[] Expand(Output output) => output.Shape switch
    {
        OutputShape.Scalar => [new(output.Name, output.Flag, DType64, scores => Vector(scores.Loss), 1)],
        OutputShape.Samples => [PerElement(output, -1)],
        OutputShape.Predictions => [PerElement(output, -1, -1)],
        OutputShape.Sums => [PerElement(output, -1, 3)],
        _ =>
        [
            Metric("accuracy", metrics => Vector(metrics.Accuracy), 1),
            Metric(TopK, metrics => Vector([.. metrics.TopKAccuracy.Select(top => top.Value)]), -1),
            Metric("perplexity", metrics => Vector(metrics.Perplexity), 1),
            Metric("expected_calibration_error", metrics => Vector(metrics.ExpectedCalibrationError), 1),
            Metric("maximum_calibration_error", metrics => Vector(metrics.MaximumCalibrationError), 1),
            Metric("root_mean_square_calibration_error", metrics => Vector(metrics.RootMeanSquareCalibrationError), 1),
            Metric("brier_parts", metrics => Vector(
                metrics.Brier.Score, metrics.Brier.Reliability, metrics.Brier.Resolution, metrics.Brier.Uncertainty), 4),
            Metric("calibration_bins", metrics => CalibrationTensors.GetBins(metrics.Bins), -1, CalibrationTensors.Columns),
            Metric("class_wise_calibration_error", metrics => Vector(metrics.ClassWise?.CalibrationError), 1),
            Metric("class_calibration_errors", metrics => CalibrationTensors.GetErrorsOfClasses(metrics.ClassWise), -1),
            Metric("class_calibration_bins", metrics => CalibrationTensors.GetBinsOfClasses(metrics.ClassWise),
                -1, 1 + CalibrationTensors.Columns),
            Metric("equal_mass_calibration_error", metrics => Vector(metrics.EqualMass?.CalibrationError), 1),
            Metric("equal_mass_bins", metrics => CalibrationTensors.GetBins(metrics.EqualMass?.Bins ?? []), -1, CalibrationTensors.Columns),
            Metric("per_class", metrics => ClassTensors.GetClasses(metrics.Classes), -1, ClassTensors.Columns),
            Metric("macro_average", metrics => ClassTensors.GetMacro(metrics.Classes), -1),
            Metric("balanced_accuracy", metrics => Vector(metrics.Classes.BalancedAccuracy), 1),
            Metric(Fit, metrics => metrics.TemperatureFit is { } fit
                ? Vector(fit.Temperature, fit.CrossEntropyBefore, fit.CrossEntropyAfter, fit.CalibrationErrorBefore,
                    fit.CalibrationErrorAfter)
                : Vector(), -1),
            Metric(Matrix, metrics => ClassTensors.GetMatrix(metrics.Classes), -1, -1),
        ],
    };

    private static TensorOutput PerElement(Output output, params long[] axes) =>
        new(output.Name, output.Flag, output.DType, scores => scores.GetTensor(output), axes) { PerSample = output.Shape };

    private static TensorOutput Metric(string name, Func<Metrics, Tensor> take, params long[] axes) =>
        new(name, OutputSet.Metrics, DType64, scores => scores.Metrics is { } metrics ? take(metrics) : null, axes);

    private static Tensor Vector(params double?[] values) => MetricTensor.Create(new(values.Length), values);

    private static Tensor Count(long value)
    {
        var tensor = new Tensor(Core.Tensors.DType.Int64, new(1));
        tensor.AsSpan<long>()[0] = value;
        return tensor;
    }
}
