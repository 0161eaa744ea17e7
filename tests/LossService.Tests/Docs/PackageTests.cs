using System.Globalization;
using System.Text.RegularExpressions;
using LossService.Tests.Support;

namespace LossService.Tests.Docs;

/// <summary>LossService.Core used in process, as the README of its package shows.</summary>
public sealed partial class PackageTests
{
    private const string Source = "tests/LossService.Tests/Docs/PackageExample.cs";

    private static string Readme { get; } = Committed.Read("src/LossService.Core/README.md");

    [Fact]
    public void Example_InTheReadme_IsTheOneThatRuns()
    {
        var source = Committed.Read(Source);
        var run = source.Split("        // README\n")[1].Split("        // end")[0];
        var usings = Usings().Matches(source).Select(match => match.Value);

        Assert.Contains(run.Replace("\n        ", "\n", StringComparison.Ordinal).Trim(), Readme, StringComparison.Ordinal);
        Assert.All(usings, line => Assert.Contains(line, Readme, StringComparison.Ordinal));
    }

    [Fact]
    public void Example_Run_GivesWhatTheReadmePrints()
    {
        var (loss, gradient) = PackageExample.Run();

        Assert.Contains($"// {loss?.ToString(CultureInfo.InvariantCulture)}", Readme, StringComparison.Ordinal);
        Assert.Contains($"// {gradient.ToString(CultureInfo.InvariantCulture)}", Readme, StringComparison.Ordinal);
    }

    [GeneratedRegex("^using LossService.*;$", RegexOptions.Multiline)]
    private static partial Regex Usings();
}
