using System.Runtime.InteropServices;
using LossService.Benchmarks.Peers;
using LossService.Benchmarks.Racing;
using LossService.Benchmarks.Report;

namespace LossService.Benchmarks.Chapters;

/// <summary>Loss and gradient alone, in memory, one thread, beside PyTorch's.</summary>
internal static class Kernels
{
    public static Chapter Measure(Workshop workshop)
    {
        using var own = Coprocess.OnOneProcessor(Environment.ProcessPath!, [KernelLoop.Verb], ("DOTNET_PROCESSOR_COUNT", "1"));
        using var torch = Coprocess.OnOneProcessor(ServerKind.Python, ["Peers/torch_kernel.py"], ("OMP_NUM_THREADS", "1"));
        var table = new Table("loss + gradient, float32, 1 thread", "this service", "PyTorch");
        var comparisons = new List<Comparison>();
        foreach (var (loss, rows, classes) in new[]
        {
            ("cross_entropy", 1024, 1000), ("cross_entropy", 32768, 32), ("cross_entropy", 20, 50257), ("binary_cross_entropy", 1000, 1000),
        })
        {
            var work = $"kernel, {loss} {rows}×{classes}, loss + gradient";
            var isBinary = loss == "binary_cross_entropy";
            var batch = new DrawnBatch(rows, classes, isBinary ? rows * classes : rows);
            var labels = isBinary ? Array.ConvertAll(batch.Labels, label => label & 1) : batch.Labels;
            var line = string.Join(' ', loss, rows, classes,
                workshop.Write("logits", MemoryMarshal.AsBytes<float>(batch.Logits)),
                    workshop.Write("labels", MemoryMarshal.AsBytes<long>(labels)));
            Agreement.Check(own.Ask(line).Result, "PyTorch", torch.Ask(line).Result);
            var times = workshop.Race.Run(own.On("own", line), torch.On("PyTorch", line));
            table.Rows.Add([work, Quantity.Time(times[0]), Quantity.Time(times[1])]);
            comparisons.Add(Comparison.Faster(work, times[0], "PyTorch, 1 thread", times[1], 2));
        }
        return new("Kernels",
            "The same logits on both sides, measured inside each process. PyTorch computes forward and backward in float32; "
            + "LossService reads and writes float32 and computes in double.",
            table, comparisons);
    }
}
