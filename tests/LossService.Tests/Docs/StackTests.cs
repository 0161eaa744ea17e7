using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LossService.Tests.Support;

namespace LossService.Tests.Docs;

/// <summary>What the README shows for other clients than curl with one batch: the code is the tests', the stream is played.</summary>
public sealed partial class StackTests(TestService service)
{
    [Fact]
    public async Task DotNetClient_OfTheReadme_Scores()
    {
        var (loss, gradient) = await DotNetClient.ScoreAsync(service.Client);

        // by the definition: log Σ e^z − z_0, and softmax(z) less the truth
        double[] terms = [Math.Exp(2.0), Math.Exp(1.0), Math.Exp(0.1)];
        Assert.Equal(Math.Log(terms.Sum()) - 2.0, loss, 1e-7);
        Assert.Equal([terms[0] / terms.Sum() - 1, terms[1] / terms.Sum(), terms[2] / terms.Sum()], gradient.Single()
            .Select(g => (double)g), (a, b) => Math.Abs(a - b) < 1e-7);
    }

    [Fact]
    public void DotNetClient_InTheReadme_IsTheOneThatScores()
    {
        var code = Committed.Read("tests/LossService.Tests/Docs/DotNetClient.cs").Split("        // README\n")[1].Split(
            "        // end")[0];
        Assert.Contains(code.Replace("\n        ", "\n", StringComparison.Ordinal).Trim(), Committed.Read("README.md"),
            StringComparison.Ordinal);
    }

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
