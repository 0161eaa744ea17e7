using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LossService.Tests.Support;

namespace LossService.Tests.Docs;

/// <summary>The stream that the README shows.</summary>
public sealed partial class StackTests(TestService service)
{
    [Fact]
    public async Task Stream_OfTheReadme_AnswersAsPrinted()
    {
        var example = Stream().Match(Committed.Read("README.md"));
        var lines = Line().Matches(example.Groups["lines"].Value).Select(line => line.Groups[1].Value);

        var answer = await service.PostAsync(example.Groups["path"].Value, Encoding.UTF8.GetBytes(string.Join('\n', lines)),
            "application/x-ndjson");

        AssertLines(example.Groups["answer"].Value, answer.Text);
    }

    /// <summary>Asserts that the lines of an answer are those that the README prints.</summary>
    internal static void AssertLines(string printed, string answer)
    {
        var lines = printed.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var answered = answer.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(lines.Length, answered.Length);
        foreach (var (shown, actual) in lines.Zip(answered))
        {
            // a line may break off at … : what stands before it is what is answered
            if (shown.Split(" …") is [var beginning, _]) Assert.StartsWith(beginning, actual, StringComparison.Ordinal);
            else Assert.True(JsonNode.DeepEquals(JsonNode.Parse(shown), JsonNode.Parse(actual)), $"README.md should print {actual}");
        }
    }

    [GeneratedRegex(
        """```bash\nprintf '%s\\n' (?<lines>.*?) \|\n  curl -N http://localhost:8080(?<path>\S+) -H 'Content-Type: application/x-ndjson' -T - -X POST\n```\n+```json\n(?<answer>.*?)```""", RegexOptions.Singleline)]
    private static partial Regex Stream();

    [GeneratedRegex("'([^']+)'")]
    private static partial Regex Line();
}
