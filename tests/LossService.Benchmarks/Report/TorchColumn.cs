using System.Globalization;
using System.Runtime.InteropServices;
using LossService.Benchmarks.Chapters;
using LossService.Benchmarks.Peers;
using LossService.Benchmarks.Racing;
using LossService.Core.Losses;

namespace LossService.Benchmarks.Report;

/// <summary>PyTorch's time for each loss that it has an expression of: 1024×1000, loss and gradient, on as many threads.</summary>
internal static class TorchColumn
{
    private const int Rows = 1024, Classes = 1000, Runs = 15, Warm = 5;

    // their expressions in PyTorch take rows as labels
    private static readonly string[] OfRows = ["list_mle", "multilabel_margin", "kl_divergence", "js_divergence"];

    /// <summary>The median of each loss's runs, in seconds.</summary>
    public static Dictionary<string, double> Measure(Workshop workshop)
    {
        (string, string)[] threads = [("OMP_NUM_THREADS", Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture))];
        using var categorical = new Coprocess(ServerKind.Python, ["Peers/torch_kernel.py"], threads);
        using var binary = new Coprocess(ServerKind.Python, ["Peers/torch_binary.py"], threads);
        var batch = new DrawnBatch(Rows, Classes, Rows * Classes);
        var logits = workshop.Write("logits", MemoryMarshal.AsBytes<float>(batch.Logits));
        var classes = workshop.Write("classes", MemoryMarshal.AsBytes<long>(batch.Labels.AsSpan(0, Rows)));
        var bits = workshop.Write("bits", MemoryMarshal.AsBytes<float>(Array.ConvertAll(batch.Labels, label => (float)(label & 1))));
        var seconds = new Dictionary<string, double>();
        foreach (var loss in LossCatalogue.All)
        {
            if (loss.Kind == LossKind.Binary)
            {
                var name = loss.Name is "binary_cross_entropy" ? "hard" : loss.Name.Replace("binary_", "", StringComparison.Ordinal);
                seconds[loss.Name] = Time(binary, string.Join(' ', name, "float32", Rows, Classes, logits, bits));
            }
            else if (loss.Kind == LossKind.Categorical && !OfRows.Contains(loss.Name))
            {
                seconds[loss.Name] = Time(categorical, string.Join(' ', loss.Name, Rows, Classes, logits, classes));
            }
        }
        return seconds;
    }

    private static double Time(Coprocess torch, string line)
    {
        for (var i = 0; i < Warm; i++) torch.Ask(line);
        return Race.Median([.. Enumerable.Range(0, Runs).Select(_ => torch.Ask(line).Seconds)]);
    }
}
