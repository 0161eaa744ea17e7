using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LossService.Tests.Support;

namespace LossService.Tests.Docs;

/// <summary>
/// The README's commands as a reader would paste them, by the programs themselves and against a service that listens; only the
/// address is another. Skipped where a program is not installed.
/// </summary>
public sealed partial class CommandTests(TestService service)
{
    private const string Printed = "http://localhost:8080";

    /// <summary>Each command with curl, and the JSON printed below it.</summary>
    public static TheoryData<string, string> Curls
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (Match match in Curl().Matches(Committed.Read("README.md"))) data.Add(match.Groups["command"].Value,
                match.Groups["answer"].Value);
            return data;
        }
    }

    [Fact]
    public void Readme_EveryCurl_IsACommandWithItsAnswer() =>
        Assert.Equal(Regex.Count(Committed.Read("README.md"), "^ *curl ", RegexOptions.Multiline), Curls.Count);

    [Theory, MemberData(nameof(Curls))]
    public async Task Curl_AsTyped_AnswersAsPrinted(string command, string printed)
    {
        Assert.SkipWhen(await ShellCommand.RunAsync("curl", "--version") is null, "curl is not installed");
        Assert.SkipWhen(await ShellCommand.RunAsync("bash", "--version") is null, "bash is not installed");

        var answer = await ShellCommand.RunAsync("bash", "-c", Here(command));

        Assert.NotNull(answer);
        if (command.Contains("x-ndjson", StringComparison.Ordinal)) StackTests.AssertLines(printed, answer);
        else Assert.True(JsonNode.DeepEquals(JsonNode.Parse(printed), JsonNode.Parse(answer)), $"README.md should print {answer}");
    }

    [Fact]
    public async Task Python_AsTyped_PrintsLossAndGradient()
    {
        string? python = null;
        // Debian's own is first: another python3 on the path need not have its packages
        foreach (var candidate in (string?[])[Environment.GetEnvironmentVariable("PYTHON"), "/usr/bin/python3", "python3"])
            if (candidate is not null && await ShellCommand.RunAsync(candidate, "-c", "import requests") is not null) python ??= candidate;
        Assert.SkipWhen(python is null, "no Python with requests is installed: python3-requests on Debian, or name one in PYTHON");

        var program = Python().Match(Committed.Read("README.md")).Groups["program"].Value;
        var printed = await ShellCommand.RunAsync(python, "-c", Here(program));

        Assert.NotNull(printed);
        var (loss, gradient) = (printed.Split(' ', 2)[0], JsonSerializer.Deserialize<double[][]>(printed.Split(' ', 2)[1])!);
        double[] terms = [Math.Exp(2.0), Math.Exp(1.0), Math.Exp(0.1)];
        Assert.Equal(Math.Log(terms.Sum()) - 2.0, double.Parse(loss, CultureInfo.InvariantCulture), 1e-7);
        Assert.Equal([terms[0] / terms.Sum() - 1, terms[1] / terms.Sum(), terms[2] / terms.Sum()], gradient.Single(), (a, b) =>
            Math.Abs(a - b) < 1e-7);
    }

    private string Here(string text)
    {
        Assert.Contains(Printed, text, StringComparison.Ordinal);
        return text.Replace(Printed, service.Address.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal);
    }

    [GeneratedRegex("""```bash\n(?<command>(?:(?!```).)*?curl (?:(?!```).)*)\n```\n+```json\n(?<answer>.*?)```""", RegexOptions.Singleline)]
    private static partial Regex Curl();

    [GeneratedRegex("""```python\n(?<program>.*?)```""", RegexOptions.Singleline)]
    private static partial Regex Python();
}
