using System.Runtime.InteropServices;
using LossService.Benchmarks.Peers;
using LossService.Benchmarks.Racing;
using LossService.Benchmarks.Report;

namespace LossService.Benchmarks.Chapters;

/// <summary>Every binary loss with its options, loss and gradient, one thread: beside PyTorch, and by dtype and outputs.</summary>
internal static class BinaryKernels
{
    private const int Rows = 1024, Classes = 1000;

    public static Chapter Measure(Workshop workshop)
    {
        using var own = Coprocess.OnOneProcessor(Environment.ProcessPath!, [BinaryLoop.Verb], ("DOTNET_PROCESSOR_COUNT", "1"));
        using var torch = Coprocess.OnOneProcessor(ServerKind.Python, ["Peers/torch_binary.py"], ("OMP_NUM_THREADS", "1"));
        var table = new Table("1024×1000, loss + gradient", "float32", "PyTorch", "float64", "float16", "bfloat16", "float32 with metrics");
        var comparisons = new List<Comparison>();
        var batch = new DrawnBatch(Rows, Classes, Rows * Classes);
        var logits = workshop.Write("logits", MemoryMarshal.AsBytes<float>(batch.Logits));
        var hard = workshop.Write("hard", MemoryMarshal.AsBytes<float>(Array.ConvertAll(batch.Labels, label => (float)(label & 1))));
        var soft = workshop.Write("soft", MemoryMarshal.AsBytes<float>(Array.ConvertAll(batch.Labels, label => label % 101 / 100f)));
        foreach (var name in BinaryLoop.Cases.Keys)
        {
            string Line(string dtype) => string.Join(' ', name, dtype, Rows, Classes, logits, name == "soft" ? soft : hard);
            Agreement.Check(own.Ask(Line("float32")).Result, "PyTorch", torch.Ask(Line("float32")).Result);
            var times = workshop.Race.Run(
                own.On("float32", Line("float32")), torch.On("PyTorch", Line("float32")), own.On("float64", Line("float64")),
                own.On("float16", Line("float16")), own.On("bfloat16", Line("bfloat16")), own.On("metrics", Line("float32") + " metrics"));
            table.Rows.Add([BinaryLoop.Cases[name].Title, .. times.Select(Quantity.Time)]);
            var work = $"{BinaryLoop.Cases[name].Title} 1024×1000, loss + gradient";
            comparisons.Add(Comparison.Faster(work, times[0], "PyTorch, 1 thread", times[1], 2));
            Add("float64", 2, 5);
            Add("float16", 3, 1.2);
            Add("bfloat16", 4, 1.2);
            Add("with metrics", 5, 1.5);

            void Add(string what, int i, double limit) => comparisons.Add(Comparison.AtMost(
                $"{work}, {what}", Quantity.Time(times[i]), "itself in float32", times[i] / times[0], limit, Quantity.Ratio));
        }
        return new("Binary losses",
            "The same logits and labels on both sides, measured inside each process, one thread each. PyTorch computes forward and "
            + "backward in float32 by the usual expression of the loss; LossService reads and writes the dtype of the column.",
            table, comparisons);
    }
}
