using Deque.AxeCore.Playwright;
using LossService.Tests.Support;
using Microsoft.Playwright;

namespace LossService.Tests.Playground;

/// <summary>What holds of all views: they fit a phone, axe-core finds nothing, keys alone reach them.</summary>
public sealed class ViewTests(TestService service, Browser browser)
{
    private static readonly string[] Names = ["sample", "beside", "distributions", "batch"];

    public static TheoryData<string> Views => [.. Names];

    public static MatrixTheoryData<string, ColorScheme> ViewsAndColors => new(Names, [ColorScheme.Light, ColorScheme.Dark]);

    public static MatrixTheoryData<string, int> ViewsAndWidths => new(Names, [360, 768, 1920]);

    [Theory, MemberData(nameof(ViewsAndWidths))]
    public async Task View_OnAnyScreen_IsAsWideAsIt(string view, int width)
    {
        await using var page = await OpenAsync($"#view={view}", new() { ViewportSize = new() { Width = width, Height = 740 } });
        Assert.Equal(width, await page.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth"));
        // pictures are drawn anew for the width that they get
        await page.Page.SetViewportSizeAsync(400, 740);
        await page.Page.WaitForFunctionAsync("() => [...document.querySelectorAll('.picture svg')].every(svg => svg.clientWidth === "
            + "Math.max(svg.parentElement.clientWidth, svg.parentElement.offsetParent ? 0 : svg.clientWidth))");
    }

    [Theory, MemberData(nameof(Views))]
    public async Task View_OfPictures_SaysWhatEachShows(string view)
    {
        await using var page = await OpenAsync($"#view={view}");
        var told = await page[$"#{view} .picture svg"].EvaluateAllAsync<string?[]>("all => all.map(svg => svg.getAttribute('aria-label'))");
        Assert.All(told, text => Assert.True(text?.Length > 40, text));
        Assert.Equal(told.Length, await page[$"#{view} .picture:visible"].CountAsync());
    }

    [Theory, MemberData(nameof(ViewsAndColors))]
    public async Task View_InLightAndDark_PassesAxe(string view, ColorScheme scheme)
    {
        await using var page = await OpenAsync($"#view={view}", new() { ColorScheme = scheme });
        var found = await page.Page.RunAxe();
        Assert.Empty(found.Violations.Select(violation =>
            $"{violation.Impact} {violation.Id}: {string.Join("; ", violation.Nodes.Select(node => node.Html))}"));
    }

    [Fact]
    public async Task Tabs_ByKeys_ShowEachView()
    {
        await using var page = await OpenAsync("");
        await page["#tab-sample"].FocusAsync();
        foreach (var view in Names[1..])
        {
            await page.ThenDrawnAsync(() => page.Page.Keyboard.PressAsync("ArrowRight"));
            Assert.True(await page[$"#{view}"].IsVisibleAsync());
            Assert.Equal("true", await page[$"#tab-{view}"].GetAttributeAsync("aria-selected"));
        }
    }

    private async Task<OpenPage> OpenAsync(string hash, BrowserNewContextOptions? options = null) =>
        await (await browser.OpenAsync(new(service.Address, hash), options)).DrawnAsync();
}
