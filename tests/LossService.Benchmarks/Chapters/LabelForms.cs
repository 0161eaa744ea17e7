using System.Runtime.InteropServices;
using LossService.Benchmarks.Peers;
using LossService.Benchmarks.Racing;
using LossService.Benchmarks.Report;

namespace LossService.Benchmarks.Chapters;

/// <summary>Soft labels in each of their forms beside class indices: whole requests in binary, loss and gradient.</summary>
internal static class LabelForms
{
    private const int Named = 20;

    public static Chapter Measure(Workshop workshop)
    {
        using var server = Server.Start(workshop.LossService);
        server.WarmUp();
        var table = new Table("loss + gradient, float32, binary (OIP)", "class indices", "these labels");
        var comparisons = new List<Comparison>();
        foreach (var loss in new[] { "cross_entropy", "kl_divergence" })
        {
            foreach (var (form, rows, classes, limit) in new[]
            {
                ("label_logits", 1024, 1000, 2.2), ("label_values", 1024, 1000, 1.2), ("label_values", 20, 50257, 1.2),
            })
            {
                var batch = new DrawnBatch(rows, classes);
                var work = $"{loss}, {form} {rows}×{classes}";
                var times = workshop.Race.Run(
                    EndToEnd.Posting("indices", server.Port, Message("cross_entropy", batch, rows, classes, Indices(batch, rows))),
                    EndToEnd.Posting(form, server.Port, Message(
                        loss, batch, rows, classes,
                        form == "label_logits" ? Teacher(batch, rows, classes) : Sparse(batch, rows, classes))));
                table.Rows.Add([work, .. times.Select(Quantity.Time)]);
                comparisons.Add(Comparison.AtMost(
                    work, Quantity.Time(times[1]), $"class indices, {Quantity.Time(times[0])}", times[1] / times[0], limit,
                    Quantity.Ratio));
            }
        }
        return new("Forms of labels",
            $"""
            Beside cross_entropy with class indices of the same logits. A teacher's logits are those of the batch with added noise, so a
            request has twice the bytes. Sparse rows name the {Named} classes of the largest logits.
            """, table, comparisons);
    }

    private static byte[] Message(
        string loss, DrawnBatch batch, int rows, int classes, (string Name, string Datatype, int[] Shape, byte[] Bytes)[] labels) =>
        OpenInference.Message(
            loss, [("logits", "FP32", [rows, classes], MemoryMarshal.AsBytes<float>(batch.Logits).ToArray()), .. labels],
            ["loss", "gradient"]);

    private static (string, string, int[], byte[])[] Indices(DrawnBatch batch, int rows) =>
        [("labels", "INT64", [rows], MemoryMarshal.AsBytes<long>(batch.Labels).ToArray())];

    private static (string, string, int[], byte[])[] Teacher(DrawnBatch batch, int rows, int classes)
    {
        var random = new Random(3);
        var logits = Array.ConvertAll(batch.Logits, z => z + (float)(4 * random.NextDouble() - 2));
        return [("label_logits", "FP32", [rows, classes], MemoryMarshal.AsBytes<float>(logits).ToArray())];
    }

    private static (string, string, int[], byte[])[] Sparse(DrawnBatch batch, int rows, int classes)
    {
        var (indices, values) = (new List<int>(), new List<float>());
        for (var row = 0; row < rows; row++)
        {
            var logits = batch.Logits.AsSpan(row * classes, classes).ToArray();
            var largest = Enumerable.Range(0, classes).OrderByDescending(c => logits[c]).Take(Named).ToArray();
            // a teacher is less sure than the predictions
            var e = largest.Select(c => Math.Exp(logits[c] / 2)).ToArray();
            indices.AddRange(largest);
            values.AddRange(e.Select(x => (float)(x / e.Sum())));
        }
        int[] shape = [rows, Named];
        return
        [
            ("label_indices", "INT32", shape, MemoryMarshal.AsBytes<int>(indices.ToArray()).ToArray()),
            ("label_values", "FP32", shape, MemoryMarshal.AsBytes<float>(values.ToArray()).ToArray()),
        ];
    }
}
