using System.Globalization;
using System.Text.RegularExpressions;
using LossService.Client;
using LossService.Core.Losses;
using LossService.Requests;
using LossService.Tests.Client;
using LossService.Tests.Hosting.Access;
using LossService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace LossService.Tests.Docs;

/// <summary>The client's README: its code is the tests', and prints what it says.</summary>
public sealed partial class ClientReadmeTests(TestService service)
{
    private static string Readme { get; } = Committed.Read("src/LossService.Client/README.md");

    [Fact]
    public void Code_EachBlock_IsOneThatRuns()
    {
        var run = Run().Matches(Committed.Read("tests/LossService.Tests/Docs/ClientExample.cs"))
            .Select(block => block.Groups[1].Value.Replace("\n        ", "\n", StringComparison.Ordinal).Trim()
                .Replace("printed.WriteLine", "Console.WriteLine", StringComparison.Ordinal));
        var shown = Code().Matches(Readme).Select(block => Usings().Replace(block.Groups[1].Value, "").Trim()).ToArray();
        Assert.Equal(
            run.Select(block => Addresses().Replace(block, "address")).Order(StringComparer.Ordinal),
            shown.Select(block => Comments().Replace(Addresses().Replace(block, "address"), "").Trim()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Code_OfTheMainReadme_IsThatOfTheClients() => Assert.Contains(
        Usings().Replace(Code().Match(Readme).Groups[1].Value, "").Trim().Split("\n// ")[0],
        Committed.Read("README.md"), StringComparison.Ordinal);

    [Fact]
    public void Names_OfTheLosses_AreThoseOfTheCatalogue()
    {
        var names = LossCatalogue.All.OrderBy(loss => loss.Name, StringComparer.Ordinal).Select(loss =>
            $"    /// <summary>{loss.Page.Title}, of the kind {WireName.Of(loss.Kind)}.</summary>\n"
            + $"    public const string {Pascal(loss.Name)} = \"{loss.Name}\";\n");
        Committed.Matches("src/LossService.Client/LossNames.cs",
            "namespace LossService.Client;\n\n// generated from the catalogue of the losses\n\n"
            + "/// <summary>The names of the losses. A service may have others: every name is a string.</summary>\n"
            + $"public static class LossNames\n{{\n{string.Join('\n', names)}}}\n");

        static string Pascal(string name) => string.Concat(name.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
    }

    [Fact]
    public async Task Example_OfABatch_PrintsWhatTheReadmeSays()
    {
        var (loss, gradient) = await ClientExample.ScoreAsync(service.Address);
        Assert.Contains($"scores.Loss is {loss?.ToString(CultureInfo.InvariantCulture)}", Readme, StringComparison.Ordinal);
        Assert.Contains($"gradient[0, 0] is {gradient.ToString(CultureInfo.InvariantCulture)}", Readme, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Example_OfAnError_PrintsWhatTheReadmeSays()
    {
        using var host = new ClientHost(service);
        AssertShown(await ClientExample.RefuseAsync(host.Client, SmallBatch.Create(0, 3)));
    }

    [Fact]
    public async Task Example_OfSeveralLosses_PrintsWhatTheReadmeSays()
    {
        using var host = new ClientHost(service);
        var loss = await ClientExample.ScoreSeveralAsync(host.Client);
        Assert.Contains(
            $"set.Losses[\"cross_entropy\"].Loss is {loss?.ToString(CultureInfo.InvariantCulture)}", Readme, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Example_OfAStream_PrintsWhatTheReadmeSays()
    {
        var services = new ServiceCollection();
        ClientExample.AddForStreams(services, service.GrpcAddress);
        await using var provider = services.BuildServiceProvider();
        var batches = new[] { SmallBatch.Create(), SmallBatch.Create(0, 3), SmallBatch.Create(1, 1) }.ToAsyncEnumerable();
        AssertShown(await ClientExample.StreamAsync(provider.GetRequiredService<LossClient>(), batches));
    }

    [Fact]
    public async Task Example_OfAKey_Scores()
    {
        using var keyed = new AccessTests.KeyService();
        var services = new ServiceCollection();
        ClientExample.AddWithKey(services, keyed.Whole.Address, AccessTests.KeyService.Scorer);
        await using var provider = services.BuildServiceProvider();
        var scores = await provider.GetRequiredService<LossClient>().ScoreAsync(
            LossNames.CrossEntropy, SmallBatch.Create(), TestContext.Current.CancellationToken);
        Assert.Equal(SmallBatch.Loss, scores.Loss!.Value, 1e-7);
    }

    private static void AssertShown(string printed)
    {
        var block = "\n    " + printed.ReplaceLineEndings("\n").Trim().Replace("\n", "\n    ", StringComparison.Ordinal) + "\n";
        Assert.True(Readme.Contains(block, StringComparison.Ordinal), $"the README should print{block}");
    }

    [GeneratedRegex(" // README\n(.*?) // end\n", RegexOptions.Singleline)]
    private static partial Regex Run();

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex("^using [A-Z].*;$", RegexOptions.Multiline)]
    private static partial Regex Usings();

    [GeneratedRegex(" *// .*$", RegexOptions.Multiline)]
    private static partial Regex Comments();

    [GeneratedRegex("""new Uri\("http://localhost:808[01]"\)""")]
    private static partial Regex Addresses();
}
