using System.Runtime.InteropServices;
using LossService.Benchmarks.Peers;
using LossService.Benchmarks.Racing;
using LossService.Benchmarks.Report;

namespace LossService.Benchmarks.Chapters;

/// <summary>Every categorical loss with its options, in memory, one thread, beside PyTorch's expression of it.</summary>
internal static class CategoricalKernels
{
    private static readonly (int Rows, int Classes)[] Shapes = [(1024, 1000), (32768, 32), (20, 50257)];

    /// <summary>Loss, labels, options, and how many times as fast as PyTorch it should be.</summary>
    private static readonly (string Loss, bool IsSoft, string Options, double Target)[] Works =
    [
        ("cross_entropy", false, "", 2),
        ("cross_entropy", false, "label_smoothing=0.1", 2),
        ("cross_entropy", false, "temperature=2", 2),
        ("cross_entropy", false, "z_loss=0.001", 2),
        ("cross_entropy", false, "class_weight=drawn", 2),
        ("cross_entropy", false, "class_weight=drawn label_smoothing=0.1 temperature=2", 2),
        ("cross_entropy", true, "", 1.5),
        ("focal", false, "", 2),
        ("poly_cross_entropy", false, "", 2),
        ("generalized_cross_entropy", false, "", 2),
        ("kl_divergence", true, "", 1.5),
        ("kl_divergence", true, "direction=reverse", 1),
        ("js_divergence", true, "", 1),
        ("brier", false, "", 1),
        ("brier", true, "", 1),
        ("total_variation", false, "", 1),
        ("total_variation", true, "", 1),
        ("entropy", false, "", 1),
        ("multi_margin", false, "", 1),
        ("multiclass_hinge", false, "", 1),
        ("symmetric_cross_entropy", false, "", 1),
        ("ranked_probability_score", false, "", 1),
        ("list_mle", true, "", 1),
    ];

    /// <summary>Losses of overlap, of a segmentation: 131,072 elements of 21 classes.</summary>
    private static readonly (string Loss, bool IsSoft, string Options, double Target)[] Overlaps =
    [
        ("dice", false, "", 1),
        ("dice", true, "", 1),
        ("dice", false, "link=sigmoid", 1),
        ("dice", true, "link=sigmoid", 1),
        ("dice", false, "dtype=float64", 1),
        ("dice", true, "dtype=float64", 1),
    ];

    /// <summary>Ours alone: what, beside which of <see cref="Works"/>, and how many times its time it may take.</summary>
    private static readonly (string Loss, bool IsSoft, string Options, string Beside, double Limit)[] Own =
    [
        ("cross_entropy", false, "label_smoothing=0.1", "", 1.3),
        ("cross_entropy", false, "temperature=2", "", 1.3),
        ("cross_entropy", false, "z_loss=0.001", "", 1.3),
        ("cross_entropy", false, "logit_bias=drawn", "", 1.3),
        ("focal", false, "logit_bias=drawn", "", 1.3),
        ("cross_entropy", false, "metrics=1 top_k=1+5", "", 1.5),
        ("cross_entropy", false, "dtype=float64", "", 5),
        ("cross_entropy", false, "dtype=float64 label_smoothing=0.1", "label_smoothing=0.1", 5),
        ("focal", false, "dtype=float64", "", 5),
        ("kl_divergence", true, "dtype=float64", "", 5),
        ("cross_entropy", false, "dtype=float16", "", 1.2),
        ("cross_entropy", false, "dtype=bfloat16", "", 1.2),
    ];

    public static Chapter Measure(Workshop workshop)
    {
        using var own = Coprocess.OnOneProcessor(Environment.ProcessPath!, [KernelLoop.Verb], ("DOTNET_PROCESSOR_COUNT", "1"));
        using var torch = Coprocess.OnOneProcessor(ServerKind.Python, ["Peers/torch_kernel.py"], ("OMP_NUM_THREADS", "1"));
        var table = new Table(["loss + gradient, float32, 1 thread", .. Shapes.Select(shape => $"{shape.Rows}×{shape.Classes}")]);
        var comparisons = new List<Comparison>();
        var files = Shapes.Select(shape => new Files(workshop, shape.Rows, shape.Classes)).ToArray();
        foreach (var work in Works)
        {
            var cells = new List<string> { Name(work.Loss, work.IsSoft, work.Options) };
            foreach (var file in files)
            {
                var times = RunBeside(file, work);
                cells.Add($"{Quantity.Time(times[0])} ({Quantity.Ratio(times[1] / times[0])})");
            }
            table.Rows.Add([.. cells]);
        }
        var segmentation = new Files(workshop, 131072, 21);
        foreach (var work in Overlaps) RunBeside(segmentation, work);
        foreach (var work in Own)
        {
            var file = files[0];
            var (line, beside) = (file.Line(work.Loss, work.IsSoft, work.Options), file.Line(work.Loss, work.IsSoft, work.Beside));
            var times = workshop.Race.Run(own.On("this", line), own.On("beside", beside));
            comparisons.Add(Comparison.AtMost($"{Name(work.Loss, work.IsSoft, work.Options)}, {file.Rows}×{file.Classes}",
                Quantity.Time(times[0]), $"{Name(work.Loss, work.IsSoft, work.Beside)}, {Quantity.Time(times[1])}", times[0] / times[1],
                work.Limit, Quantity.Ratio));
        }
        return new("Categorical losses",
            "As under Kernels, for every categorical loss. In brackets: how many times as long PyTorch takes for its expression of the "
            + "same (`Peers/torch_kernel.py`).",
            table, comparisons);

        double[] RunBeside(Files file, (string Loss, bool IsSoft, string Options, double Target) work)
        {
            var line = file.Line(work.Loss, work.IsSoft, work.Options);
            Agreement.Check(own.Ask(line).Result, "PyTorch", torch.Ask(line).Result);
            var times = workshop.Race.Run(own.On("own", line), torch.On("PyTorch", line));
            comparisons.Add(Comparison.Faster($"{Name(work.Loss, work.IsSoft, work.Options)}, {file.Rows}×{file.Classes}", times[0],
                "PyTorch, 1 thread", times[1], work.Target));
            return times;
        }
    }

    private static string Name(string loss, bool isSoft, string options) =>
        string.Join(", ", new[] { loss, isSoft ? "soft labels" : "", options.Replace(' ', ',') }.Where(part => part != ""));

    /// <summary>The batches of one shape.</summary>
    private sealed class Files
    {
        private readonly string _logits, _labels, _soft;

        public Files(Workshop workshop, int rows, int classes)
        {
            (Rows, Classes) = (rows, classes);
            var batch = new DrawnBatch(rows, classes);
            _logits = workshop.Write($"logits{classes}", MemoryMarshal.AsBytes<float>(batch.Logits));
            _labels = workshop.Write($"labels{classes}", MemoryMarshal.AsBytes<long>(batch.Labels));
            _soft = workshop.Write($"soft{classes}", MemoryMarshal.AsBytes<float>(DrawSoftLabels(rows, classes)));
        }

        public int Rows { get; }

        public int Classes { get; }

        public string Line(string loss, bool isSoft, string options) =>
            $"{loss} {Rows} {Classes} {_logits} {(isSoft ? _soft : _labels)} {options}".TrimEnd();

        /// <summary>The softmax of normal numbers (deviation 1), as a teacher gives.</summary>
        private static float[] DrawSoftLabels(int rows, int classes)
        {
            var random = new Random(2);
            var labels = new float[rows * classes];
            var row = new double[classes];
            for (var start = 0; start < labels.Length; start += classes)
            {
                for (var c = 0; c < classes; c++)
                    row[c] = Math.Exp(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
                var sum = row.Sum();
                for (var c = 0; c < classes; c++) labels[start + c] = (float)(row[c] / sum);
            }
            return labels;
        }
    }
}
