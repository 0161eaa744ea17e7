using LossService.Hosting.Settings;
using LossService.Http;
using Microsoft.Extensions.Configuration;

namespace LossService.Tests.Hosting.Settings;

/// <summary>What stands in the configuration under the service's names is a setting, and fits, or the service does not start.</summary>
public sealed class SettingsReaderTests
{
    /// <summary>Every number among the limits.</summary>
    public static TheoryData<string> Limits => [.. typeof(Limits).GetProperties().Select(property => property.Name)];

    [Fact]
    public void Settings_NotGiven_HaveTheirDefaults() => Assert.Equal(new(), Read().Limits);

    [Fact]
    public void Settings_InAnyCase_AreRead() => Assert.Equal(2048, Read(("LIMITS:bodybytes", "2048")).Limits.BodyBytes);

    [Fact]
    public void Settings_OfOthers_AreNotLookedAt() => Read(("PATH", "/bin"), ("Serilog:MinimumLevel:Default", "x"), ("Limit", "1"));

    [Theory]
    [InlineData("Limits:BodyByte", "1", "did you mean Limits__BodyBytes?")]
    [InlineData("Limits:Anything", "1", "BodyBytes, ")]
    [InlineData("Limits:BodyBytes:Max", "1", "Limits__BodyBytes is one value")]
    [InlineData("Limits", "64", "Limits=\"64\"")]
    [InlineData("Limits:BodyBytes", "64 MiB", "is not a whole number")]
    [InlineData("Limits:BodyBytes", "", "is not a whole number")]
    [InlineData("Limits:BodyBytes", "1e6", "is not a whole number")]
    [InlineData("Limits:BodyBytes", "99999999999", "is not a whole number")]
    [InlineData("Limits:BodyBytes", "1", "of at least 1024")]
    [InlineData("Limits:ListedErrors", "0", "from 1 to 1000")]
    [InlineData("Limits:DrainSeconds", "301", "from 0 to 300")]
    [InlineData("Compression:Answers", "yes", "is not true or false")]
    [InlineData("Compression:Answer", "true", "did you mean Compression__Answers?")]
    [InlineData("Kestrel:Limits:MaxConcurrentConnections", "5", "Kestrel__Limits")]
    [InlineData("Kestrel:Endpoints:Mine:Url:x", "5", "Kestrel__Endpoints__Mine__Url is one value")]
    public void Settings_Wrong_AreNamedWithTheCure(string key, string value, string words) =>
        Assert.Contains(words, Refuse((key, value)), StringComparison.Ordinal);

    /// <summary>Whatever limits there are: one that is misspelt, is no number or is far out of range ends the start.</summary>
    [Theory, MemberData(nameof(Limits))]
    public void Limit_Wrong_IsNamedWithTheCure(string name)
    {
        Assert.Contains($"did you mean Limits__{name}?", Refuse(($"Limits:{name}x", "1")), StringComparison.Ordinal);
        foreach (var value in new[] { "much", "-1" })
            Assert.Contains($"Limits__{name}=\"{value}\"", Refuse(($"Limits:{name}", value)), StringComparison.Ordinal);
    }

    [Fact]
    public void Errors_Several_StandInOneLine()
    {
        var message = Refuse([.. Enumerable.Range(0, 9).Select(i => ($"Limits:X{i}\n", "1"))]);
        Assert.Contains("Limits__X0\\u000a=", message, StringComparison.Ordinal);
        Assert.EndsWith("There are 4 more errors.", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void Value_Long_IsCut() => Assert.True(Refuse(("Limits:BodyBytes", new string('9', 10_000))).Length < 300);

    private static ServiceSettings Read(params (string Key, string Value)[] settings) => SettingsReader.Read(new ConfigurationBuilder()
        .AddInMemoryCollection(settings.ToDictionary(setting => setting.Key, setting => (string?)setting.Value)).Build());

    private static string Refuse(params (string Key, string Value)[] settings) =>
        Assert.Throws<SettingsException>(() => Read(settings)).Message;
}
