using System.Runtime.InteropServices;
using LossService.Benchmarks.Peers;
using LossService.Benchmarks.Racing;
using LossService.Benchmarks.Report;

namespace LossService.Benchmarks.Chapters;

/// <summary>Images as segmentation has them, with the classes on axis 1, beside the same with the classes last.</summary>
internal static class ClassAxis
{
    private const int Images = 8, Classes = 21, Pixels = 256 * 256;

    public static Chapter Measure(Workshop workshop)
    {
        using var server = Server.Start(workshop.LossService);
        server.WarmUp();
        var batch = new DrawnBatch(Images * Pixels, Classes);
        var last = MemoryMarshal.AsBytes<float>(batch.Logits).ToArray();
        var first = MemoryMarshal.AsBytes<float>(MoveClassesFirst(batch.Logits)).ToArray();
        var labels = MemoryMarshal.AsBytes<long>(batch.Labels).ToArray();
        var table = new Table("cross_entropy, float32, binary (OIP), 8×21×256×256", "classes last", "class_axis: 1");
        var comparisons = new List<Comparison>();
        foreach (var outputs in new string[][] { ["loss"], ["loss", "gradient"] })
        {
            var work = string.Join(" + ", outputs);
            var times = workshop.Race.Run(
                EndToEnd.Posting("last", server.Port, Message([Images, 256, 256, Classes], last, outputs)),
                EndToEnd.Posting("axis 1", server.Port, Message([Images, Classes, 256, 256], first, outputs, "\"class_axis\":1")));
            table.Rows.Add([work, .. times.Select(Quantity.Time)]);
            comparisons.Add(Comparison.AtMost(
                $"class_axis 1, {work}", Quantity.Time(times[1]), $"classes last, {Quantity.Time(times[0])}", times[1] / times[0], 1.5,
                Quantity.Ratio));
        }
        return new(
            "Classes on another axis", "Whole requests: the same pixels with their classes apart, and with their classes side by side.",
            table, comparisons);

        byte[] Message(int[] shape, byte[] logits, string[] outputs, params string[] options) => OpenInference.Message(
            "cross_entropy", [("logits", "FP32", shape, logits), ("labels", "INT64", [Images, 256, 256], labels)], outputs, options);
    }

    private static float[] MoveClassesFirst(float[] logits)
    {
        var moved = new float[logits.Length];
        for (var image = 0; image < Images; image++)
        {
            var start = image * Pixels * Classes;
            for (var pixel = 0; pixel < Pixels; pixel++)
                for (var c = 0; c < Classes; c++) moved[start + c * Pixels + pixel] = logits[start + pixel * Classes + c];
        }
        return moved;
    }
}
