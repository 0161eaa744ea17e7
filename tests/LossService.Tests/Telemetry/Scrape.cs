using System.Globalization;
using System.Text.RegularExpressions;
using LossService.Tests.Support;

namespace LossService.Tests.Telemetry;

/// <summary>What <c>/metrics</c> answers, in Prometheus's text format.</summary>
internal sealed partial class Scrape
{
    private Scrape(Answer answer)
    {
        Answer = answer;
        Series = [.. answer.Text.Split('\n').Where(line => line.Length > 0 && line[0] != '#').Select(Parse)];
    }

    /// <summary>The whole answer.</summary>
    public Answer Answer { get; }

    /// <summary>Every series: name, labels, value.</summary>
    public IReadOnlyList<(string Name, Dictionary<string, string> Labels, double Value)> Series { get; }

    /// <summary>Reads the metrics of a service.</summary>
    public static async Task<Scrape> ReadAsync(ServiceProcess service) =>
        new(await service.SendAsync(new(HttpMethod.Get, "/metrics"), TestContext.Current.CancellationToken));

    /// <summary>The sum over the series of a name whose labels have given values; 0 where there are none.</summary>
    public double Sum(string name, params (string Label, string Value)[] labels) => Series
        .Where(series => series.Name == name && labels.All(label => series.Labels.GetValueOrDefault(label.Label) == label.Value))
        .Sum(series => series.Value);

    private static (string, Dictionary<string, string>, double) Parse(string line)
    {
        var parts = Line().Match(line);
        Assert.True(parts.Success, line);
        return (parts.Groups["name"].Value,
            Label().Matches(parts.Groups["labels"].Value).ToDictionary(label => label.Groups[1].Value, label => label.Groups[2].Value),
            double.Parse(parts.Groups["value"].Value, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(@"^(?<name>\w+)(\{(?<labels>.*)\})? (?<value>\S+)$")]
    private static partial Regex Line();

    [GeneratedRegex("(\\w+)=\"([^\"]*)\"")]
    private static partial Regex Label();
}
