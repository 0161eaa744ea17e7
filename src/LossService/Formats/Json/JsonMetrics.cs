using System.Buffers;
using LossService.Core.Outputs;

namespace LossService.Formats.Json;

/// <summary>Metrics as JSON, of a batch and of a stream.</summary>
internal static class JsonMetrics
{
    /// <summary>Writes <c>{"accuracy": …, "top_k_accuracy": …, "perplexity": …, …, "bins": […], "totals": …}</c>.</summary>
    public static void Write(Metrics metrics, IBufferWriter<byte> body)
    {
        body.Write("{\"accuracy\":"u8);
        body.WriteNumber(metrics.Accuracy);
        if (metrics.TopKAccuracy.Count > 0)
        {
            body.Write(",\"top_k_accuracy\":"u8);
            Write(metrics.TopKAccuracy, body);
        }
        body.Write(",\"perplexity\":"u8);
        body.WriteNumber(metrics.Perplexity);
        body.Write(",\"expected_calibration_error\":"u8);
        body.WriteNumber(metrics.ExpectedCalibrationError);
        body.Write(",\"maximum_calibration_error\":"u8);
        body.WriteNumber(metrics.MaximumCalibrationError);
        body.Write(",\"root_mean_square_calibration_error\":"u8);
        body.WriteNumber(metrics.RootMeanSquareCalibrationError);
        var brier = metrics.Brier;
        body.Write(",\"brier\":{\"score\":"u8);
        body.WriteNumber(brier.Score);
        body.Write(",\"reliability\":"u8);
        body.WriteNumber(brier.Reliability);
        body.Write(",\"resolution\":"u8);
        body.WriteNumber(brier.Resolution);
        body.Write(",\"uncertainty\":"u8);
        body.WriteNumber(brier.Uncertainty);
        body.Write("}"u8);
        body.Write(",\"bins\":"u8);
        JsonCalibration.Write(metrics.Bins, body);
        JsonCalibration.Write(metrics, body);
        JsonClasses.Write(metrics.Classes, body);
        if (metrics.TemperatureFit is { } fit) Write(fit, body);
        body.Write(",\"totals\":{\"weight\":"u8);
        body.WriteNumber(metrics.Totals.Weight);
        body.Write(",\"correct\":"u8);
        body.WriteNumber(metrics.Totals.Correct);
        if (metrics.Totals.TopKCorrect.Count > 0)
        {
            body.Write(",\"top_k_correct\":"u8);
            Write(metrics.Totals.TopKCorrect.Select(top => KeyValuePair.Create(top.Key, (double?)top.Value)), body);
        }
        body.Write(",\"cross_entropy\":"u8);
        body.WriteNumber(metrics.Totals.CrossEntropy);
        body.Write(",\"squared_error\":"u8);
        body.WriteNumber(metrics.Totals.SquaredError);
        body.Write("}}"u8);
    }

    private static void Write(TemperatureFit fit, IBufferWriter<byte> body)
    {
        body.Write(",\"temperature_fit\":{\"temperature\":"u8);
        body.WriteNumber(fit.Temperature);
        body.Write(",\"cross_entropy_before\":"u8);
        body.WriteNumber(fit.CrossEntropyBefore);
        body.Write(",\"cross_entropy_after\":"u8);
        body.WriteNumber(fit.CrossEntropyAfter);
        body.Write(",\"calibration_error_before\":"u8);
        body.WriteNumber(fit.CalibrationErrorBefore);
        body.Write(",\"calibration_error_after\":"u8);
        body.WriteNumber(fit.CalibrationErrorAfter);
        body.Write("}"u8);
    }

    private static void Write(IEnumerable<KeyValuePair<int, double?>> topK, IBufferWriter<byte> body)
    {
        var before = "{\""u8;
        foreach (var (k, value) in topK)
        {
            body.Write(before);
            body.WriteNumber(k);
            body.Write("\":"u8);
            body.WriteNumber(value);
            before = ",\""u8;
        }
        body.Write("}"u8);
    }
}
