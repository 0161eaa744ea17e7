using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using LossService.Hosting.Settings;
using LossService.Http;
using LossService.OpenApi;
using LossService.Tests.Support;

namespace LossService.Tests.Docs;

/// <summary>The operator's page has every setting, and its commands do what it says.</summary>
public sealed partial class OperatingTests
{
    private const string Page = "deploy/operating.md";

    [Fact]
    public void Table_OfLimits_IsThatOfTheProgram()
    {
        var page = Committed.Read(Page);
        var rows = typeof(Limits).GetProperties().Select(limit =>
            new[] { $"`Limits__{limit.Name}`", DefaultOf(limit), PropertySummary.Read(limit) });
        var table = $"<!-- limits -->\n\n{ReadmeTables.Table(["setting", "default", "meaning"], rows)}\n<!-- /limits -->";
        Committed.Matches(Page, LimitsTable().Replace(page, _ => table));
    }

    [Fact]
    public void Settings_Each_AreNamed()
    {
        var page = Committed.Read(Page);
        Assert.All(NamesOf(typeof(ServiceSettings), ""), name => Assert.Contains($"`{name}`", page, StringComparison.Ordinal));
    }

    [Fact]
    public void Symptoms_NameEverySetting()
    {
        var table = SymptomsTable().Match(Committed.Read(Page)).Value;
        string[] limits = [.. typeof(Limits).GetProperties().Select(limit => $"Limits__{limit.Name}")];
        Assert.All([.. limits, .. NamesOf(typeof(ServiceSettings), "")], name =>
            Assert.Contains($"`{name}", table, StringComparison.Ordinal));
    }

    [Fact]
    public void Alerts_Each_AreExplainedAndTested()
    {
        var alerts = Alert().Matches(Committed.Read("deploy/prometheus/rules.yml")).Select(match => match.Groups[1].Value).ToArray();
        Assert.NotEmpty(alerts);
        var (page, tests) = (Committed.Read(Page), Committed.Read("deploy/prometheus/rules.test.yml"));
        Assert.All(alerts, alert =>
        {
            Assert.Contains($"| `{alert}` |", page, StringComparison.Ordinal);
            Assert.Matches($@"alertname: {alert}\s+exp_alerts:\s+- exp_labels", tests);
            Assert.Matches($@"alertname: {alert}\s+exp_alerts: \[\]", tests);
        });
    }

    [Fact]
    public async Task Command_ForAKey_PrintsItAndItsHash()
    {
        var command = KeyCommand().Match(Committed.Read(Page)).Groups["command"].Value;
        Assert.SkipWhen(await ShellCommand.RunAsync("openssl", "version") is null, "openssl is not installed");
        var printed = await ShellCommand.RunAsync("bash", "-c", command);
        var match = Printed().Match(printed!);
        Assert.Equal(64, match.Groups["key"].Length);
        Assert.Equal(
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(match.Groups["key"].Value))), match.Groups["hash"].Value);
    }

    /// <summary>A value that the property computes depends on the machine: its text says how.</summary>
    private static string DefaultOf(PropertyInfo limit) => limit.GetMethod!.IsDefined(typeof(CompilerGeneratedAttribute))
        ? Convert.ToString(limit.GetValue(new Limits()), CultureInfo.InvariantCulture)! : "";

    /// <summary>The settings that are no limits and not Kestrel's own.</summary>
    private static IEnumerable<string> NamesOf(Type type, string path)
    {
        if (SettingForm.IsValue(type)) return [path];
        if (SettingForm.FindNamed(type) is { } inner) return NamesOf(inner, path + "__<name>");
        return type.GetProperties()
            .Where(property => property.PropertyType != typeof(KestrelSettings) && property.PropertyType != typeof(Limits))
            .SelectMany(property => NamesOf(property.PropertyType, path.Length == 0 ? property.Name : $"{path}__{property.Name}"));
    }

    [GeneratedRegex("<!-- limits -->.*?<!-- /limits -->", RegexOptions.Singleline)]
    private static partial Regex LimitsTable();

    [GeneratedRegex("<!-- symptoms -->.*?<!-- /symptoms -->", RegexOptions.Singleline)]
    private static partial Regex SymptomsTable();

    [GeneratedRegex(@"- alert: (\w+)")]
    private static partial Regex Alert();

    [GeneratedRegex("```bash\n(?<command>key=.*?)\n```")]
    private static partial Regex KeyCommand();

    [GeneratedRegex("key: (?<key>[0-9a-f]+)\nhash: (?<hash>[0-9a-f]+)")]
    private static partial Regex Printed();
}
