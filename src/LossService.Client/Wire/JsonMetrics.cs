using System.Globalization;
using System.Text.Json;

namespace LossService.Client.Wire;

/// <summary>Metrics from the service's JSON.</summary>
internal static class JsonMetrics
{
    private const string Error = "calibration_error";

    /// <summary>The metrics of a batch or of a stream; null where there are none.</summary>
    public static LossMetrics? Read(JsonElement json)
    {
        if (!json.TryGetProperty(OutputNames.Metrics, out var metrics)) return null;
        var topK = metrics.TryGetProperty(OutputNames.TopKAccuracy, out var top)
            ? top.EnumerateObject().ToDictionary(
                k => long.Parse(k.Name, CultureInfo.InvariantCulture), k => JsonValues.GetNumber(top, k.Name))
            : [];
        var brier = metrics.GetProperty("brier");
        return new(
            Number(OutputNames.Accuracy), topK, Number(OutputNames.Perplexity), Number(OutputNames.CalibrationError),
            Number(OutputNames.MaximumCalibrationError), Number(OutputNames.RootMeanSquareCalibrationError),
            new(JsonValues.GetNumber(brier, "score"), JsonValues.GetNumber(brier, "reliability"),
                JsonValues.GetNumber(brier, "resolution"), JsonValues.GetNumber(brier, "uncertainty")),
            ReadBins(metrics))
        {
            ClassWiseCalibration = metrics.TryGetProperty(OutputNames.ClassWiseCalibration, out var classWise)
                ? new(JsonValues.GetNumber(classWise, Error),
                    [.. classWise.GetProperty("classes").EnumerateArray().Select(ReadDiagram)])
                : null,
            EqualMassCalibration = metrics.TryGetProperty(OutputNames.EqualMassCalibration, out var equalMass)
                ? ReadDiagram(equalMass) : null,
            Classes = metrics.TryGetProperty(OutputNames.PerClass, out var classes)
                ? [.. classes.EnumerateArray().Select(ReadClass)] : [],
            Macro = metrics.TryGetProperty("macro", out var macro)
                ? new(JsonValues.GetNumber(macro, "precision"), JsonValues.GetNumber(macro, "recall"), JsonValues.GetNumber(macro, "f1"),
                    JsonValues.GetNumber(macro, "iou"))
                : null,
            BalancedAccuracy = Number(OutputNames.BalancedAccuracy),
            TemperatureFit = metrics.TryGetProperty(OutputNames.TemperatureFit, out var fit)
                ? new(JsonValues.GetNumber(fit, "temperature"), JsonValues.GetNumber(fit, "cross_entropy_before"),
                    JsonValues.GetNumber(fit, "cross_entropy_after"), JsonValues.GetNumber(fit, "calibration_error_before"),
                    JsonValues.GetNumber(fit, "calibration_error_after"))
                : null,
            ConfusionMatrix = metrics.TryGetProperty(OutputNames.ConfusionMatrix, out var matrix)
                ? [.. matrix.EnumerateArray().Select(row => (double[])[.. row.EnumerateArray().Select(cell => cell.GetDouble())])] : [],
        };

        double? Number(string name) => JsonValues.GetNumber(metrics, name);
    }

    private static LossReliabilityDiagram ReadDiagram(JsonElement diagram) => new(JsonValues.GetNumber(diagram, Error), ReadBins(diagram));

    private static LossCalibrationBin[] ReadBins(JsonElement diagram) =>
    [
        .. diagram.GetProperty("bins").EnumerateArray().Select(bin => new LossCalibrationBin(
            Sum(bin, "lower"), Sum(bin, "upper"), (long)Sum(bin, "samples"), Sum(bin, "weight"),
            JsonValues.GetNumber(bin, "accuracy"), JsonValues.GetNumber(bin, "confidence"))),
    ];

    private static LossClassMetrics ReadClass(JsonElement one) => new(
        Sum(one, "true_positives"), Sum(one, "false_positives"), Sum(one, "false_negatives"), Sum(one, "true_negatives"),
        Sum(one, "support"), JsonValues.GetNumber(one, "precision"), JsonValues.GetNumber(one, "recall"),
        JsonValues.GetNumber(one, "f1"), JsonValues.GetNumber(one, "iou"));

    private static double Sum(JsonElement json, string name) => JsonValues.GetNumber(json, name) ?? 0;
}
