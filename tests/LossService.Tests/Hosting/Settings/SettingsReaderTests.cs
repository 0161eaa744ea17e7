using System.ComponentModel.DataAnnotations;
using LossService.Hosting.Settings;
using LossService.Http;
using Microsoft.Extensions.Configuration;

namespace LossService.Tests.Hosting.Settings;

/// <summary>What stands in the configuration under the service's names is a setting, and fits, or the service does not start.</summary>
public sealed class SettingsReaderTests
{
    private const string Hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    private static readonly string[] PlacesOfSecrets =
        ["Auth:Keys:a", "Auth:Keys:a:Sha256", "Auth:Keys:a:Key", "Auth:Key", "Auth:Keys:a:Scopes"];

    /// <summary>Every number among the limits.</summary>
    public static TheoryData<string> Limits => [.. typeof(Limits).GetProperties().Select(property => property.Name)];

    [Fact]
    public void Settings_NotGiven_HaveTheirDefaults() => Assert.Equal(new(), Read().Limits);

    /// <summary>What the configuration does not name is not checked at the start.</summary>
    [Fact]
    public void Settings_NotGiven_AreValid()
    {
        var errors = new List<ValidationResult>();
        Assert.All(Records(new ServiceSettings()), record =>
            Assert.True(
                Validator.TryValidateObject(record, new(record), errors, validateAllProperties: true),
                errors.FirstOrDefault()?.ErrorMessage));
    }

    [Fact]
    public void Settings_OfEveryForm_AreRead()
    {
        var settings = Read(
            ("AllowedHosts", "a;b"), ("auth:keys:trainer:sha256", Hash), ("Auth:Keys:trainer:Scopes", "metrics"), ("Auth:Required", "true"),
            ("Compression:Answers", "False"), ("Limits:MemoryBytes", "9000000000"), ("Kestrel:Endpoints:Mine:Url", "http://localhost:1"),
            ("Kestrel:Endpoints:Mine:SslProtocols:0", "Tls12"), ("Kestrel:Endpoints:Mine:Certificate:Path", "x.pem"),
            ("Kestrel:EndpointDefaults:Protocols", "Http1"), ("WarmUp:Seconds", "3"));
        Assert.Equal("a;b", settings.AllowedHosts);
        Assert.Equal(new() { Sha256 = Hash, Scopes = "metrics" }, settings.Auth.Keys["trainer"]);
        Assert.True(settings.Auth.Required);
        Assert.False(settings.Compression.Answers);
        Assert.Equal(new Limits { MemoryBytes = 9000000000 }, settings.Limits);
        var endpoint = settings.Kestrel.Endpoints["Mine"];
        Assert.Equal(("http://localhost:1", "Tls12", "x.pem"), (endpoint.Url, endpoint.SslProtocols["0"], endpoint.Certificate!.Path));
        Assert.Equal(("Http1", 3), (settings.Kestrel.EndpointDefaults.Protocols, settings.WarmUp.Seconds));
    }

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
    [InlineData("AllowedHosts", "http://localhost", "has \"http://localhost\"")]
    [InlineData("Cors:Origins", "app.example.com", "an origin is scheme and host")]
    [InlineData("Cors:Origins", "https://app.example.com/", "an origin is scheme and host")]
    [InlineData("Cors:Origins", "null", "an origin is scheme and host")]
    [InlineData("Cors:Origin", "*", "did you mean Cors__Origins?")]
    [InlineData("Auth:Required", "true", "Auth__Required is true, but there is neither a key nor an authority")]
    [InlineData("Auth:Require", "true", "did you mean Auth__Required?")]
    [InlineData("Auth:Keys:trainer", "secret", "Auth__Keys__trainer is not a setting, but a group of settings")]
    [InlineData("Auth:Keys:trainer:Sha256", "secret", "Auth__Keys__trainer__Sha256 is not a SHA-256")]
    [InlineData("Auth:Keys:trainer:Sha265", "secret", "did you mean Auth__Keys__trainer__Sha256?")]
    [InlineData("Auth:Keys:trainer:Sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "an empty key")]
    [InlineData("Auth:Keys:trainer:Scopes", "scoring", "is not a list of score and metrics")]
    [InlineData("Auth:Jwt:Authority", "https://login.example.com", "Auth__Jwt__Audience and Auth__Jwt__Authority go together")]
    [InlineData("Auth:Jwt:Authority", "http://login.example.com", "is not an address of HTTPS")]
    [InlineData("Auth:Jwt:Audience", "loss", "go together")]
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
    public void Secrets_PutInTheWrongPlace_AreNotShown() => Assert.All(
        PlacesOfSecrets,
        key => Assert.DoesNotContain("hunter2", Refuse((key, "hunter2")), StringComparison.Ordinal));

    [Theory]
    [InlineData("Auth:Required", "false", "remove it, or Auth__Required")]
    [InlineData("Auth:Keys:b:Sha256", Hash, "one key twice: a, b")]
    public void Auth_Contradicting_IsRefused(string key, string value, string words) =>
        Assert.Contains(words, Refuse(("Auth:Keys:a:Sha256", Hash), (key, value)), StringComparison.Ordinal);

    [Fact]
    public void Value_Long_IsCut() => Assert.True(Refuse(("Limits:BodyBytes", new string('9', 10_000))).Length < 300);

    /// <summary>A record of settings and those in it.</summary>
    private static IEnumerable<object> Records(object record) => record.GetType().GetProperties()
        .Where(property => property.PropertyType == typeof(Limits)
            || property.PropertyType.Name.EndsWith("Settings", StringComparison.Ordinal))
        .SelectMany(property => Records(property.GetValue(record)!)).Prepend(record);

    private static ServiceSettings Read(params (string Key, string Value)[] settings) => SettingsReader.Read(new ConfigurationBuilder()
        .AddInMemoryCollection(settings.ToDictionary(setting => setting.Key, setting => (string?)setting.Value)).Build());

    private static string Refuse(params (string Key, string Value)[] settings) =>
        Assert.Throws<SettingsException>(() => Read(settings)).Message;
}
