using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using LossService.Benchmarks.Chapters;
using LossService.Benchmarks.Losses;
using LossService.Benchmarks.Numbers;
using LossService.Core.Options;

namespace LossService.Benchmarks.Report;

/// <summary>BenchmarkDotNet on every loss and on numbers, in this process; the committed MICRO.md.</summary>
internal static class Micro
{
    /// <summary>A deviation that a reader should know of.</summary>
    private const double Unsteady = 0.05;

    // an operation takes milliseconds: a tenth of a second holds many, and the empty call that is taken off elsewhere is nothing
    private static readonly Job Short = Job.Default
        .WithToolchain(new InProcessEmitToolchain(timeout: TimeSpan.FromMinutes(5), logOutput: true))
        .WithWarmupCount(3).WithIterationCount(7).WithIterationTime(Perfolizer.Horology.TimeInterval.FromMilliseconds(100))
        .WithEvaluateOverhead(false);

    private static IConfig Config =>
        DefaultConfig.Instance.WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(32)).AddJob(Short);

    /// <summary>Runs what BenchmarkDotNet's own arguments select, and prints it.</summary>
    public static void Run(string[] arguments) => BenchmarkSwitcher.FromAssembly(typeof(Micro).Assembly).Run(arguments, Config);

    /// <summary>Runs everything and writes the file.</summary>
    public static void Write()
    {
        var load = Machine.Load();
        var losses = BenchmarkRunner.Run<LossBenchmarks>(Config);
        using var workshop = new Workshop(1);
        var torch = TorchColumn.Measure(workshop);
        var numbers = BenchmarkRunner.Run<NumberBenchmarks>(Config);
        File.WriteAllText(Path.Combine(Workshop.Repository, "tests", "LossService.Benchmarks", "MICRO.md"), $"""
            # Losses and number conversion, by BenchmarkDotNet

            Written by `dotnet run -c Release --project tests/LossService.Benchmarks -- micro`. Figures are medians of
            {Short.Run.IterationCount} iterations of 0.1 s after {Short.Run.WarmupCount} warm-up iterations. A cell with a standard deviation above {Unsteady:P0} of the median shows it.

            {Machine.Describe(load)}

            ## Losses

            One batch of rows × classes float32 predictions, scored by as many threads as the service uses. Labels are class indices; for
            a binary loss, one label per element.

            The last column is PyTorch's time for its expression of the same (`Peers/torch_kernel.py`, `Peers/torch_binary.py`), 1024×1000,
            loss and gradient, on as many threads; the median of 15 calls. A dash: no expression for class indices.

            {Beside(torch, Pivot(losses, "", benchmark => (string)benchmark.Parameters["Name"], benchmark => Outputs(benchmark)))}

            ## Numbers

            Time per number of a 1024×1000 matrix that is read from or written as nested JSON arrays, on one thread.

            {Pivot(numbers, "", benchmark => $"`{benchmark.Descriptor.WorkloadMethod.Name}`", benchmark => Words(benchmark.Parameters["Numbers"].ToString()!))}

            """);
    }

    private static Table Beside(Dictionary<string, double> torch, Table table)
    {
        var beside = new Table([.. table.Headings, "PyTorch"]);
        foreach (var row in table.Rows)
            beside.Rows.Add([.. row, torch.TryGetValue(row[0], out var seconds) ? Quantity.Time(seconds) : "–"]);
        return beside;
    }

    private static string Outputs(BenchmarkCase benchmark) =>
        $"{((string)benchmark.Parameters["Shape"]).Replace('x', '×')}, "
            + $"{((OutputSet)benchmark.Parameters["Wanted"] == OutputSet.Loss ? "loss" : "loss + gradient")}";

    private static string Words(string name) =>
        string.Concat(name.Select((letter, i) => i > 0 && char.IsUpper(letter) ? $" {char.ToLowerInvariant(letter)}" : $"{letter}"));

    private static Table Pivot(Summary summary, string corner, Func<BenchmarkCase, string> row, Func<BenchmarkCase, string> column)
    {
        var cells = summary.Reports.ToLookup(report => (row(report.BenchmarkCase), column(report.BenchmarkCase)), Cell);
        var columns = summary.BenchmarksCases.Select(column).Distinct().ToArray();
        var table = new Table([corner, .. columns]);
        foreach (var name in summary.BenchmarksCases.Select(row).Distinct())
            table.Rows.Add([name, .. columns.Select(heading => cells[(name, heading)].SingleOrDefault("–"))]);
        return table;
    }

    private static string Cell(BenchmarkReport report)
    {
        if (report.ResultStatistics is not { } statistics) return "failed";
        var deviation = statistics.StandardDeviation / statistics.Median;
        return Quantity.Time(statistics.Median * 1e-9)
            + (deviation > Unsteady ? deviation.ToString(" (±0 %)", CultureInfo.InvariantCulture) : "");
    }
}
