using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Formats;

/// <summary>How the classes are predicted, as tensors; without elements where that was not asked for.</summary>
internal static class ClassTensors
{
    /// <summary>The numbers of a class: TP, FP, FN, TN, support, precision, recall, F1, IoU.</summary>
    public const int Columns = 9;

    /// <summary>A row for each class.</summary>
    public static Tensor GetClasses(ClassReport report) => MetricTensor.Create(
        new(report.Classes.Count, Columns),
        [
            .. report.Classes.SelectMany(one => new[]
            {
                one.TruePositives, one.FalsePositives, one.FalseNegatives, one.TrueNegatives, one.Support,
                one.Precision, one.Recall, one.F1, one.Iou,
            }),
        ]);

    /// <summary>The means of precision, recall, F1 and IoU.</summary>
    public static Tensor GetMacro(ClassReport report) => report.Macro is { } macro
        ? MetricTensor.Create(new(4), [macro.Precision, macro.Recall, macro.F1, macro.Iou])
        : MetricTensor.Create(new(0), []);

    /// <summary>A row for each label, with a number for each prediction.</summary>
    public static Tensor GetMatrix(ClassReport report)
    {
        var matrix = report.ConfusionMatrix ?? [];
        return MetricTensor.Create(new(matrix.Count, matrix.Count), [.. matrix.SelectMany(row => row).Select(cell => (double?)cell)]);
    }
}
