using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LossService.Api;
using LossService.Core.Losses;
using LossService.Tests.Shared;
using LossService.Tests.Support;

namespace LossService.Tests.Api;

/// <summary>The pages for browsers: what they say, that their examples run, and that a strict policy lets them work.</summary>
public sealed partial class PageTests(TestService service)
{
    private const string Browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

    [Theory]
    [InlineData(null, "application/json")]
    [InlineData("*/*", "application/json")]
    [InlineData("application/json, text/html;q=0.5", "application/json")]
    [InlineData("image/png", "application/json")]
    [InlineData("text/html", "text/html")]
    [InlineData(Browser, "text/html")]
    public async Task Page_ByAccept_IsHtmlOrJson(string? accept, string mediaType)
    {
        foreach (var path in (string[])["/", "/v1/losses", "/v1/losses/focal"])
        {
            var answer = await GetAsync(path, accept);
            Assert.Equal(200, answer.Status);
            Assert.Equal(mediaType, answer.ContentHeaders.ContentType?.MediaType);
            Assert.Contains("Accept", answer.Header("Vary"), StringComparison.Ordinal);
        }
    }

    [Theory, MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public async Task Page_OfEveryLoss_HasItsFormulaOptionsAndReferences(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        var html = (await GetAsync($"/v1/losses/{name}", Browser)).Text;
        var text = WebUtility.HtmlDecode(html);

        // a formula that is not typeset from today's LaTeX: see tests/clients/typeset.mjs
        Assert.Contains("<math display=\"block\">", html, StringComparison.Ordinal);
        Assert.Contains(loss.Page.Title, text, StringComparison.Ordinal);
        Assert.All(loss.Options, option => Assert.Contains($"<td><code>{option.Name}</code></td>", html, StringComparison.Ordinal));
        Assert.All(loss.Page.References, reference => Assert.Contains(reference.Url, text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/v1/losses")]
    [InlineData("/v1/losses/cross_entropy")]
    [InlineData("/swagger/index.html")]
    public async Task Page_UnderAStrictPolicy_HasNoScriptOrStyleInside(string path)
    {
        var html = (await GetAsync(path, Browser)).Text;
        Assert.DoesNotContain("<style", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(" style=", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotMatch("<script(?![^>]* src=)", html);
        Assert.DoesNotMatch(@"\son[a-z]+=", html);
        Assert.Contains("name=\"viewport\"", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/v1/losses")]
    [InlineData("/v1/losses/cross_entropy")]
    [InlineData("/swagger/index.html")]
    public async Task Links_WithinTheService_LeadSomewhere(string path)
    {
        var from = new Uri(service.Address, path);
        var links = Link().Matches((await GetAsync(path, Browser)).Text).Select(link => new Uri(from, link.Groups[1].Value))
            .Where(link => link.Host == from.Host).ToArray();
        Assert.NotEmpty(links);
        foreach (var link in links) Assert.Equal(200, (await GetAsync(link.AbsolutePath, Browser)).Status);
    }

    [Theory, MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public async Task Curl_OfThePage_Scores(string name)
    {
        var command = await ExampleAsync(name, "curl");
        Assert.SkipUnless(await RunAsync("curl", "--version") is not null, "curl is not installed");
        Assert.NotNull(JsonNode.Parse((await RunAsync("bash", "-c", $"{command} -s"))!)?["totals"]);
    }

    [Fact]
    public async Task Python_OfThePage_Scores()
    {
        var program = await ExampleAsync("binary_cross_entropy", "Python");
        Assert.SkipUnless(await RunAsync("/usr/bin/python3", "-c", "import requests") is not null, "python3-requests is not installed");
        Assert.Contains("'totals'", await RunAsync("/usr/bin/python3", "-c", program), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CSharp_OfThePage_PostsTheExample()
    {
        var program = await ExampleAsync("cross_entropy", "C#");
        var json = program.Split("\"\"\"")[1];
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(LossCatalogue.Find("cross_entropy")!.Page.Example), JsonNode.Parse(json)), json);
    }

    [Fact]
    public void Python_OfEveryJsonValue_IsALiteral() => Assert.Contains(
        """
        batch = {
            "a": [1, 2.5, "x\"y"],
            "b": True,
            "c": [False, None],
        }
        """, LossExample.Python("http://host/x", """{"a": [1, 2.5, "x\"y"], "b": true, "c": [false, null]}"""), StringComparison.Ordinal);

    private async Task<string> ExampleAsync(string loss, string language)
    {
        var html = (await GetAsync($"/v1/losses/{loss}", Browser)).Text;
        var example = Example().Matches(html).Single(match => match.Groups["language"].Value == language);
        return WebUtility.HtmlDecode(example.Groups["code"].Value);
    }

    private Task<Answer> GetAsync(string path, string? accept)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (accept is not null) request.Headers.TryAddWithoutValidation("Accept", accept);
        return service.SendAsync(request);
    }

    /// <summary>What a program prints; null where it is not there or fails.</summary>
    private static async Task<string?> RunAsync(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return process.ExitCode == 0 ? output : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    [GeneratedRegex("(?:href|src)=[\"']([^\"'#]+)")]
    private static partial Regex Link();

    [GeneratedRegex("<figcaption>(?<language>[^<]+)</figcaption><pre[^>]*><code>(?<code>[^<]*)</code>")]
    private static partial Regex Example();
}
