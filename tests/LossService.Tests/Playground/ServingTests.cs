using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LossService.Tests.Docs;
using LossService.Tests.Support;
using Microsoft.CodeAnalysis.CSharp;

namespace LossService.Tests.Playground;

/// <summary>How the playground is served: openly, small, as vendored, behind a path prefix, with a key where one is asked for.</summary>
public sealed partial class ServingTests(TestService service, Browser browser)
{
    private const string Key = "a key for the playground, of more than 32 bytes";
    private const int MaxBytes = 300_000;

    private static readonly string Folder = Path.Combine(Committed.Root, "src/LossService/Playground");

    public static TheoryData<string> Files => [.. Directory
        .EnumerateFiles(Path.Combine(Folder, "Page"), "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(Path.Combine(Folder, "Page"), file))];

    [Theory]
    [InlineData("main.js", "text/javascript")]
    [InlineData("style.css", "text/css")]
    [InlineData("icon.svg", "image/svg+xml")]
    [InlineData("data/iris.json", "application/json")]
    [InlineData("vendor/d3.min.js", "text/javascript")]
    public async Task File_OfThePlayground_HasItsTypeAndIsAskedForAnew(string file, string mediaType)
    {
        var answer = await GetAsync($"/playground/{file}");
        Assert.Equal(200, answer.Status);
        Assert.Equal(mediaType, answer.ContentHeaders.ContentType?.MediaType);
        Assert.Equal("no-cache", answer.Header("Cache-Control"));
        Assert.NotNull(answer.Header("ETag"));
    }

    [Fact]
    public async Task File_ThatIsNotThere_IsAProblem() => (await GetAsync("/playground/nothing.js")).IsProblem(404, "not-found");

    [Fact]
    public async Task Page_WithAllItsFiles_IsSmallWhereCompressed()
    {
        var bytes = (await GetAsync("/", "text/html")).Body.Length;
        foreach (var file in Files) bytes += (await GetAsync($"/playground/{file.Data}")).Body.Length;
        Assert.True(bytes < MaxBytes, $"{bytes} bytes");
    }

    [Fact]
    public async Task Page_ByItsPolicy_UsesOwnFilesAlone()
    {
        var policy = (await GetAsync("/", "text/html")).Header("Content-Security-Policy")!;
        Assert.StartsWith("default-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Files))]
    public void Script_EachOne_IsOfAtMost300Lines(string file)
    {
        if (file.StartsWith("vendor/", StringComparison.Ordinal) || !file.EndsWith(".js", StringComparison.Ordinal)) return;
        var lines = File.ReadAllLines(Path.Combine(Folder, "Page", file));
        Assert.InRange(lines.Length, 1, 300);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 150));
    }

    [Fact]
    public void Scripts_OfThePage_AreAllAskedForAtOnce()
    {
        var page = File.ReadAllText(Path.Combine(Folder, "Page/index.html"));
        var modules = Directory.GetFiles(Path.Combine(Folder, "Page"), "*.js").Select(file => Path.GetFileName(file)!).Except(["main.js"]);
        Assert.Equal(modules.Order(StringComparer.Ordinal), Preloaded().Matches(page).Select(match => match.Groups[1].Value));
    }

    [Fact]
    public void Styles_OfThePage_MoveNothingByThemselves() => Assert.All(
        Directory.GetFiles(Path.Combine(Folder, "Page"), "*.css"),
        file => Assert.DoesNotMatch("(transition|animation)\\s*:", File.ReadAllText(file)));

    [Fact]
    public void Picture_OfTheReadme_IsSmall()
    {
        Assert.Contains("src/LossService/Playground/playground.png", Committed.Read("README.md"), StringComparison.Ordinal);
        Assert.InRange(new FileInfo(Path.Combine(Folder, "playground.png")).Length, 1, 200_000);
    }

    /// <summary>The check against the registry is the script's; this one needs no network.</summary>
    [Fact]
    public void Libraries_Vendored_AreThoseOfTheList()
    {
        var listed = File.ReadAllLines(Path.Combine(Folder, "vendored.sha256")).Select(line => line.Split("  ")).ToArray();
        Assert.Equal(
            Directory.GetFiles(Path.Combine(Folder, "Page/vendor")).Select(Path.GetFileName).Order(),
            listed.Select(line => Path.GetFileName(line[1])).Order());
        Assert.All(listed, line => Assert.Equal(
            line[0], Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(Folder, line[1]))))));
    }

    [Fact]
    public async Task Page_OfAServiceWithKeys_AsksForOne()
    {
        using var keyed = new TestService(host => host.UseSetting(
            "Auth:Keys:playground:Sha256", Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Key)))));
        await using var page = await browser.OpenAsync(keyed.Address);
        page.RefusalsExpected = 2;
        await page["#key"].FillAsync(Key);
        await page.Page.Keyboard.PressAsync("Enter");
        await page.DrawnAsync();
        Assert.False(await page["#access"].IsVisibleAsync());
        Assert.Equal(0.417, await page.NumberAsync("#amount"), 1e-9);
        await page["#sample .request summary"].ClickAsync();
        Assert.DoesNotContain(Key, await page.TextAsync("#sample .program"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_BehindAPathPrefix_FindsItsFilesAndRoutes()
    {
        // as a proxy does that takes the prefix away; what is asked for outside of it is not found
        await using var page = await browser.OpenAsync(new(service.Address, "/prefix/"), route: async route =>
        {
            var path = new Uri(route.Request.Url).PathAndQuery;
            var isInside = path.StartsWith("/prefix/", StringComparison.Ordinal);
            var url = new Uri(service.Address, isInside ? path["/prefix".Length..] : "/outside");
            await route.FulfillAsync(new() { Response = await route.FetchAsync(new() { Url = url.AbsoluteUri }) });
        });
        await page.DrawnAsync();
        Assert.Equal(0.417, await page.NumberAsync("#amount"), 1e-9);
    }

    [Fact]
    public async Task Address_OfAView_BringsItBack()
    {
        const string Hash = "#loss=focal&scores=-1,2,0.5&truth=010&option.gamma=3";
        await using var page = await (await browser.OpenAsync(new(service.Address, Hash))).DrawnAsync();
        var answer = await service.PostAsync("/v1/losses/focal", """{"logits":[[-1,2,0.5]],"labels":[1],"gamma":3}""");
        var shown = await page.NumberAsync("#amount");
        Assert.Equal(JsonNode.Parse(answer.Text)!["loss"]!.GetValue<double>(), shown, 1e-4);

        await page.ThenDrawnAsync(() => page["#sample [data-situation=wrong]"].ClickAsync());
        // the page replaces its address without a navigation
        await page.Page.WaitForFunctionAsync("() => location.hash.includes('scores=-2.5,4,0')");
        var moved = await page.NumberAsync("#amount");
        await using var again = await (await browser.OpenAsync(new(page.Page.Url))).DrawnAsync();
        Assert.Equal(moved, await again.NumberAsync("#amount"));
    }

    [Theory]
    [InlineData("#loss=nothing&scores=a,b&unit=miles&view=elsewhere&option.gamma={")]
    [InlineData("#scores=1e9,2,3&truth=000&p=0,0,0&compare=%3Cscript%3E")]
    public async Task Address_ThatNobodyWrote_ShowsTheStart(string hash)
    {
        await using var page = await (await browser.OpenAsync(new(service.Address, hash))).DrawnAsync();
        Assert.Equal(0, await page[".error"].CountAsync());
        Assert.True(await page["#sample"].IsVisibleAsync());
    }

    [Fact]
    public async Task Programs_OfThePage_GetTheAnswerThatItShows()
    {
        await using var page = await (await browser.OpenAsync(service.Address)).DrawnAsync();
        await page["#sample .request summary"].ClickAsync();
        var command = await page.TextAsync("#sample .program");
        var body = Body().Match(command).Groups[1].Value;
        var route = Route().Match(command).Groups[1].Value;
        var answer = JsonNode.Parse((await service.PostAsync(new Uri(route).AbsolutePath, body)).Text);
        Assert.True(JsonNode.DeepEquals(answer, JsonNode.Parse(await page.TextAsync("#sample .answer"))));

        var parsed = CSharpSyntaxTree.ParseText(await ProgramAsync("C#"), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Empty(parsed.GetDiagnostics(TestContext.Current.CancellationToken));
        var python = await ProgramAsync("Python");
        Assert.SkipUnless(
            await ShellCommand.RunAsync("/usr/bin/python3", "-c", "import requests") is not null, "python3-requests is not installed");
        Assert.Contains("0.417", await ShellCommand.RunAsync("/usr/bin/python3", "-c", python), StringComparison.Ordinal);

        async Task<string> ProgramAsync(string language)
        {
            await page["#sample .request button"].Filter(new() { HasText = language }).ClickAsync();
            return await page.TextAsync("#sample .program");
        }
    }

    [Fact]
    public async Task Page_OfALoss_LinksToItInThePlayground()
    {
        await using var page = await browser.OpenAsync(new(service.Address, "/v1/losses/focal"));
        await page.Page.GetByText("See it in the playground").ClickAsync();
        await page.DrawnAsync();
        Assert.Equal("focal", await page["#loss-name"].InputValueAsync());
        await page["#loss-page"].ClickAsync();
        await page.Page.GetByText("See it in the playground").WaitForAsync();
        Assert.EndsWith("/v1/losses/focal", page.Page.Url, StringComparison.Ordinal);
    }

    private Task<Answer> GetAsync(string path, string accept = "*/*")
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "br");
        return service.SendAsync(request);
    }

    [GeneratedRegex("<link rel=\"modulepreload\" href=\"playground/([^\"]+)\">")]
    private static partial Regex Preloaded();

    [GeneratedRegex("-d '(.*)'", RegexOptions.Singleline)]
    private static partial Regex Body();

    [GeneratedRegex("curl ([^ ]+)")]
    private static partial Regex Route();
}
