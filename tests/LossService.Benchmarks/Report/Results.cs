using LossService.Benchmarks.Chapters;

namespace LossService.Benchmarks.Report;

/// <summary>The committed results: RESULTS.md and cost.svg.</summary>
internal static class Results
{
    /// <summary>Measures every chapter and writes the files.</summary>
    public static void Write(IEnumerable<Func<Workshop, Chapter>> measures, int rounds)
    {
        var folder = Path.Combine(Workshop.Repository, "tests", "LossService.Benchmarks");
        var load = Machine.Load();
        var chapters = new List<Chapter>();
        using (var workshop = new Workshop(rounds))
        {
            foreach (var measure in measures)
            {
                chapters.Add(measure(workshop));
                Print(chapters[^1]);
            }
        }
        File.WriteAllText(Path.Combine(folder, "cost.svg"), chapters.Single(chapter => chapter.Picture is not null).Picture);
        File.WriteAllText(Path.Combine(folder, "RESULTS.md"), $"""
            # Results

            Written by `dotnet run -c Release --project tests/LossService.Benchmarks -- all`. Both sides of a line were measured in the
            same run on the same machine, alternating ({rounds} rounds after a warm-up). Figures are medians.

            {Machine.Describe(load)}
            - {Machine.DescribePeers()}

            {string.Join("\n\n", chapters.Select(ToMarkdown))}

            ## Targets

            {Targets(chapters.SelectMany(chapter => chapter.Comparisons))}

            """);
    }

    /// <summary>Shows one chapter, with its targets if it has some.</summary>
    public static void Print(Chapter chapter) => Console.WriteLine(
        ToMarkdown(chapter) + (chapter.Comparisons.Count == 0 ? "" : $"\n\n{Targets(chapter.Comparisons)}") + "\n");

    private static string ToMarkdown(Chapter chapter) => $"""
        ## {chapter.Title}

        {chapter.Text.ReplaceLineEndings(" ")}

        {chapter.Table}{(chapter.Picture is null ? "" : "\n\n![Time of a request over the size of its body, logarithmic](cost.svg)")}
        """;

    private static Table Targets(IEnumerable<Comparison> comparisons)
    {
        var table = new Table("what", "this service", "against", "", "ratio", "target", "");
        foreach (var line in comparisons)
            table.Rows.Add([line.Work, line.Ours, line.Against, line.Theirs, line.Figure, line.Target,
                line.IsMet switch { true => "met", false => "**missed**", null => "not measured" }]);
        return table;
    }
}
