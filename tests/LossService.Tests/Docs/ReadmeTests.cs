using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LossService.Core.Outputs;
using LossService.Requests;
using LossService.Tests.OpenApi;
using LossService.Tests.Support;

namespace LossService.Tests.Docs;

/// <summary>The README shows what the service really answers, and lists what the catalogue really holds.</summary>
public sealed partial class ReadmeTests(ServedDocument document) : IClassFixture<ServedDocument>
{
    private const string File = "README.md";

    /// <summary>Each curl command, and the answer printed below it.</summary>
    public static TheoryData<string, string, string> Examples
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach (Match match in Example().Matches(Committed.Read(File)))
                data.Add(match.Groups["path"].Value, match.Groups["body"].Value, match.Groups["answer"].Value);
            return data;
        }
    }

    [Fact]
    public void Readme_EveryCurl_IsAnExample() =>
        Assert.Equal(Committed.Read(File).Split("\ncurl ").Length - 1, Examples.Count);

    [Theory, MemberData(nameof(Examples))]
    public async Task Example_Posted_AnswersAsPrinted(string path, string body, string printed)
    {
        var (_, answer) = await document.PostAsync(path, body);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(printed), answer), $"{File} should print {answer.ToJsonString()}");
    }

    [Fact]
    public void Tables_OfLossesAndOptions_AreTheCatalogue()
    {
        var readme = Committed.Read(File);
        readme = Between(readme, "losses", ReadmeTables.Losses());
        readme = Between(readme, "options", ReadmeTables.Options());
        Committed.Matches(File, readme);
    }

    [Fact]
    public void Requests_Table_NamesEveryMemberAndOutput()
    {
        var table = Committed.Read(File).Split("## Requests")[1].Split("The options are members too")[0];
        Assert.All([.. Fields.Tensors, .. Fields.Header, .. OutputCatalogue.All.Select(output => output.Name)], name =>
            Assert.Contains($"`{name}`", table, StringComparison.Ordinal));
    }

    [Fact]
    public void Errors_Table_HasEveryProblemOfTheDocument()
    {
        var problems = document.Json["components"]!["responses"]!.AsObject()
            .Select(response => response.Value!["content"]!.AsObject().Single().Value!["example"]!);
        Assert.All(problems, problem =>
            Assert.Contains($"| {problem["status"]} | `{problem["type"]}` |", Committed.Read(File), StringComparison.Ordinal));
    }

    [Fact]
    public void Links_ToFiles_LeadSomewhere()
    {
        var links = Link().Matches(Committed.Read(File)).Select(match => Path.Combine(Committed.Root, match.Groups[1].Value)).ToArray();
        Assert.NotEmpty(links);
        Assert.All(links, link => Assert.True(Path.Exists(link), link));
    }

    [Fact]
    public void Links_WithinTheReadme_LeadToAHeading()
    {
        var readme = Committed.Read(File);
        var headings = readme.Split('\n').Where(line => line.StartsWith("## ", StringComparison.Ordinal))
            .Select(line => line[3..].Replace(' ', '-')).ToArray();
        Assert.All(Anchor().Matches(readme), link => Assert.Contains(link.Groups[1].Value, headings, StringComparer.OrdinalIgnoreCase));
    }

    private static string Between(string readme, string mark, string table) =>
        Regex.Replace(readme, $"(?<=<!-- {mark} -->\n).*?(?=<!-- /{mark} -->)", _ => $"\n{table}\n", RegexOptions.Singleline);

    [GeneratedRegex(
        """```bash\ncurl http://localhost:8080(?<path>\S+) -H 'Content-Type: application/json' -d '(?<body>[^']+)'\n```\n+```json\n(?<answer>.*?)```""", RegexOptions.Singleline)]
    private static partial Regex Example();

    [GeneratedRegex(@"\]\(((?!https?:|#)[^)]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\]\(#([^)]+)\)")]
    private static partial Regex Anchor();
}
