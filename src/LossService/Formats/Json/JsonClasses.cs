using System.Buffers;
using LossService.Core.Outputs;

namespace LossService.Formats.Json;

/// <summary>How the classes are predicted, as members of the metrics.</summary>
internal static class JsonClasses
{
    /// <summary>Writes <c>,"per_class": […], "macro": {…}, "balanced_accuracy": …, "confusion_matrix": […]</c>, if asked for.</summary>
    public static void Write(ClassReport report, IBufferWriter<byte> body)
    {
        if (report.Macro is { } macro)
        {
            body.Write(",\"per_class\":["u8);
            for (var i = 0; i < report.Classes.Count; i++)
            {
                if (i > 0) body.Write(","u8);
                Write(report.Classes[i], body);
            }
            body.Write("],\"macro\":{\"precision\":"u8);
            body.WriteNumber(macro.Precision);
            body.Write(",\"recall\":"u8);
            body.WriteNumber(macro.Recall);
            body.Write(",\"f1\":"u8);
            body.WriteNumber(macro.F1);
            body.Write(",\"iou\":"u8);
            body.WriteNumber(macro.Iou);
            body.Write("},\"balanced_accuracy\":"u8);
            body.WriteNumber(report.BalancedAccuracy);
        }
        if (report.ConfusionMatrix is not { } matrix) return;
        body.Write(",\"confusion_matrix\":["u8);
        for (var row = 0; row < matrix.Count; row++)
        {
            body.Write(row == 0 ? "["u8 : ",["u8);
            for (var c = 0; c < matrix[row].Count; c++)
            {
                if (c > 0) body.Write(","u8);
                body.WriteNumber(matrix[row][c]);
            }
            body.Write("]"u8);
        }
        body.Write("]"u8);
    }

    private static void Write(ClassMetrics one, IBufferWriter<byte> body)
    {
        body.Write("{\"true_positives\":"u8);
        body.WriteNumber(one.TruePositives);
        body.Write(",\"false_positives\":"u8);
        body.WriteNumber(one.FalsePositives);
        body.Write(",\"false_negatives\":"u8);
        body.WriteNumber(one.FalseNegatives);
        body.Write(",\"true_negatives\":"u8);
        body.WriteNumber(one.TrueNegatives);
        body.Write(",\"support\":"u8);
        body.WriteNumber(one.Support);
        body.Write(",\"precision\":"u8);
        body.WriteNumber(one.Precision);
        body.Write(",\"recall\":"u8);
        body.WriteNumber(one.Recall);
        body.Write(",\"f1\":"u8);
        body.WriteNumber(one.F1);
        body.Write(",\"iou\":"u8);
        body.WriteNumber(one.Iou);
        body.Write("}"u8);
    }
}
