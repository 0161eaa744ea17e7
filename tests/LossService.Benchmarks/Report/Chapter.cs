namespace LossService.Benchmarks.Report;

/// <summary>What one set of measurements has to say.</summary>
/// <param name="Title">A heading.</param>
/// <param name="Text">What was done, and how.</param>
/// <param name="Table">The medians.</param>
/// <param name="Comparisons">What they mean for the targets.</param>
internal sealed record Chapter(string Title, string Text, Table Table, params IReadOnlyList<Comparison> Comparisons)
{
    /// <summary>A picture of the table, as SVG.</summary>
    public string? Picture { get; init; }
}

/// <summary>Rows under headings.</summary>
internal sealed record Table(params string[] Headings)
{
    /// <summary>The rows, each with a cell for each heading.</summary>
    public List<string[]> Rows { get; } = [];

    /// <summary>As Markdown: text to the left, figures to the right.</summary>
    public override string ToString() => string.Join('\n',
    [
        Line(Headings),
        "|---|" + string.Concat(Headings.Skip(1).Select(_ => "---:|")),
        .. Rows.Select(Line),
    ]);

    private static string Line(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |";
}
