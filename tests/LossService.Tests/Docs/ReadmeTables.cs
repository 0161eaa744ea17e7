using LossService.Core.Losses;
using LossService.OpenApi;
using LossService.Requests;

namespace LossService.Tests.Docs;

/// <summary>The README's tables of what the catalogue holds.</summary>
internal static class ReadmeTables
{
    /// <summary>Every loss by name, kind and sentence.</summary>
    public static string Losses() => Table(
        ["loss", "kind", "definition"],
        LossCatalogue.All.OrderBy(loss => loss.Kind)
            .Select(loss => new[] { $"`{loss.Name}`", WireName.Of(loss.Kind), Prose.Unwrap(loss.Page.Summary) }));

    /// <summary>Every option; one that means different things to different losses has a row for each meaning.</summary>
    public static string Options()
    {
        var all = LossCatalogue.All.SelectMany(loss => loss.Options, (loss, option) => (loss, option)).ToArray();
        var meanings = all.GroupBy(pair =>
            (pair.option.Name, pair.option.Description, Range: pair.option.Accepts, Default: OptionWords.DescribeDefault(pair.option)));
        return Table(
            ["option", "meaning", "values", "default", "losses"],
            meanings.OrderByDescending(meaning => meaning.Count()).ThenBy(meaning => meaning.Key.Name, StringComparer.Ordinal)
                .Select(meaning => new[]
            {
                $"`{meaning.Key.Name}`", Prose.Unwrap(meaning.Key.Description), meaning.Key.Range,
                meaning.Key.Default.Replace("default ", "", StringComparison.Ordinal), Who([.. meaning.Select(pair => pair.loss)]),
            }));
    }

    /// <summary>A few losses by name, many by number: each loss's page has the whole list.</summary>
    private static string Who(IReadOnlyList<Loss> losses) => losses.Count == LossCatalogue.All.Count ? "all"
        : losses.Count > 4 ? $"{losses.Count} of {LossCatalogue.All.Count}"
        : string.Join(", ", losses.Select(loss => $"`{loss.Name}`"));

    /// <summary>A table in Markdown.</summary>
    public static string Table(string[] heads, IEnumerable<string[]> rows) => string.Concat(
        rows.Prepend([.. heads.Select(_ => "---")]).Prepend(heads)
            .Select(row => $"| {string.Join(" | ", row.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |\n"));
}
