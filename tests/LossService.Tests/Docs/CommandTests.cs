using System.Globalization;
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
    private const string Printed = "localhost:8080";

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

    /// <summary>Each program in Python.</summary>
    public static TheoryData<string> Pythons =>
        [.. Python().Matches(Committed.Read("README.md")).Select(match => match.Groups["program"].Value)];

    [Theory, MemberData(nameof(Pythons))]
    public async Task Python_AsTyped_PrintsTheLoss(string program)
    {
        var imports = string.Concat(Import().Matches(program).Select(match => match.Value + "\n"));
        string? python = null;
        // Debian's own is first: another python3 on the path need not have its packages
        foreach (var candidate in (string?[])[Environment.GetEnvironmentVariable("PYTHON"), "/usr/bin/python3", "python3"])
            if (python is null && candidate is not null && await ShellCommand.RunAsync(candidate, "-c", imports) is not null)
                python = candidate;
        Assert.SkipWhen(python is null, $"no Python here runs this, or name one in PYTHON: {imports}");

        var printed = await ShellCommand.RunAsync(python, "-c", Here(program));

        // by the definition: log Σ e^z − z_0
        var loss = Math.Log(Math.Exp(2.0) + Math.Exp(1.0) + Math.Exp(0.1)) - 2.0;
        Assert.Contains(loss.ToString("0.00000", CultureInfo.InvariantCulture), printed ?? "", StringComparison.Ordinal);
    }

    private string Here(string text)
    {
        Assert.Contains(Printed, text, StringComparison.Ordinal);
        return text.Replace(Printed, service.Address.Authority, StringComparison.Ordinal);
    }

    [GeneratedRegex("""```bash\n(?<command>(?:(?!```).)*?curl (?:(?!```).)*)\n```\n+```json\n(?<answer>.*?)```""", RegexOptions.Singleline)]
    private static partial Regex Curl();

    [GeneratedRegex("""```python\n(?<program>.*?)```""", RegexOptions.Singleline)]
    private static partial Regex Python();

    [GeneratedRegex("^(import|from) .*$", RegexOptions.Multiline)]
    private static partial Regex Import();
}
