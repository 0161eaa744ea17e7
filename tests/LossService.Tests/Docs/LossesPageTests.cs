using System.Text.RegularExpressions;
using LossService.Core.Losses;
using LossService.OpenApi;
using LossService.Tests.Support;

namespace LossService.Tests.Docs;

/// <summary>The page beside the losses' files lists what the catalogue holds, and every framework's call that is compared.</summary>
public sealed class LossesPageTests
{
    private const string File = "src/LossService.Core/Losses/README.md";

    [Fact]
    public void Catalogue_OnThePage_IsTheCatalogue()
    {
        var table = ReadmeTables.Table(
            ["loss", "formula", "when to use"],
            LossCatalogue.All.OrderBy(loss => loss.Kind).Select(loss => new[]
            {
                $"**{loss.Page.Title}** `{loss.Name}`", $"`{PlainFormula.Convert(loss.Page.Formula)}`", FirstSentence(loss.Page.WhenToUse),
            }));
        Committed.Matches(File, Regex.Replace(
            Committed.Read(File), "(?<=<!-- catalogue -->\n).*?(?=<!-- /catalogue -->)", _ => $"\n{table}\n", RegexOptions.Singleline));
    }

    [Fact]
    public void Frameworks_EveryLossWithARow_IsOnThePage()
    {
        var rows = Regex.Matches(Committed.Read("tests/LossService.Tests/Golden/frameworks/rows.py"), "Row\\(\"(\\w+)\"");
        var page = Committed.Read(File);
        Assert.All(rows.GroupBy(row => row.Groups[1].Value), loss =>
            Assert.Equal(loss.Count(), Regex.Count(page.Split("frameworks -->")[1], $"^\\| `{loss.Key}` \\|", RegexOptions.Multiline)));
    }

    private static string FirstSentence(string text)
    {
        var prose = Prose.Unwrap(text);
        var end = prose.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? prose : prose[..(end + 1)];
    }
}
