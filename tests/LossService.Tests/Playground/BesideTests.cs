using System.Globalization;
using System.Text.Json.Nodes;
using LossService.Tests.Support;

namespace LossService.Tests.Playground;

/// <summary>Two losses side by side: both values and both gradients are the service's.</summary>
public sealed class BesideTests(TestService service, Browser browser)
{
    private const string Score = "#beside-z";
    private const string Field = "#beside-field";

    [Fact]
    public async Task Start_ShowsAGradientThatStaysAndOneThatVanishes()
    {
        await using var page = await OpenAsync();
        await page.ThenDrawnAsync(() => page["#beside [data-situation=wrong]"].ClickAsync());
        Assert.Equal(-0.9975, await page.NumberAsync("#beside-first-gradient"), 1e-9);
        Assert.InRange(await page.NumberAsync("#beside-second-gradient"), -0.006, -0.004);
        Assert.Equal(2, await page["#beside .picture svg[role=img][aria-label]"].CountAsync());
        await AssertShowsAsync(page, -6, 1, "binary_cross_entropy", "binary_brier");
    }

    [Fact]
    public async Task Score_Dragged_IsScoredByBothInOneRequest()
    {
        await using var page = await OpenAsync();
        var posts = 0;
        page.Page.Request += (_, request) => posts += request.Method == "POST" ? 1 : 0;
        var box = (await page[Score].BoundingBoxAsync())!;
        await page.ThenDrawnAsync(async () =>
        {
            await page.Page.Mouse.MoveAsync(box.X + (box.Width * 0.25f), box.Y + (box.Height / 2));
            await page.Page.Mouse.DownAsync();
            await page.Page.Mouse.MoveAsync(box.X + (box.Width * 0.7f), box.Y + (box.Height / 2), new() { Steps = 12 });
            await page.Page.Mouse.UpAsync();
        });
        var z = OpenPage.Parse(await page[Field].InputValueAsync());
        Assert.InRange(z, 1, 5);
        await AssertShowsAsync(page, z, 1, "binary_cross_entropy", "binary_brier");
        posts = 0;
        await page[Score].FocusAsync();
        await page.ThenDrawnAsync(() => page.Page.Keyboard.PressAsync("ArrowRight"));
        Assert.Equal(1, posts);
    }

    [Fact]
    public async Task Losses_LabelAndScore_OfAnyKindAreScored()
    {
        await using var page = await OpenAsync();
        await page.ThenDrawnAsync(() => page["#beside-first"].SelectOptionAsync("hinge"));
        await page.ThenDrawnAsync(() => page["#beside-second"].SelectOptionAsync("binary_focal"));
        await page.ThenDrawnAsync(() => page["#beside-label button[value='0']"].ClickAsync());
        await page.ThenDrawnAsync(async () =>
        {
            await page[Field].FillAsync("2.5");
            await page.Page.Keyboard.PressAsync("Enter");
        });
        await AssertShowsAsync(page, 2.5, 0, "hinge", "binary_focal");
    }

    [Fact]
    public async Task Score_OutsideItsRange_HasTheErrorBesideIt()
    {
        await using var page = await OpenAsync();
        await page[Field].FillAsync("80");
        await page.Page.Keyboard.PressAsync("Enter");
        await page["#beside .score .error"].WaitForAsync();
        Assert.Contains("from −8 to 8", (await page["#beside .score .error"].TextContentAsync())!, StringComparison.Ordinal);
    }

    private async Task<OpenPage> OpenAsync() => await (await browser.OpenAsync(new(service.Address, "#view=beside"))).DrawnAsync();

    private async Task AssertShowsAsync(OpenPage page, double z, int label, string first, string second)
    {
        foreach (var (which, loss) in new[] { ("first", first), ("second", second) })
        {
            var answer = JsonNode.Parse((await service.PostAsync(
                $"/v1/losses/{loss}",
                string.Create(CultureInfo.InvariantCulture, $$"""{"logits":[{{z}}],"labels":[{{label}}],"outputs":["loss","gradient"]}"""))).Text)!;
            AssertClose(answer["loss"]!, await page.NumberAsync($"#beside-{which}-loss"));
            AssertClose(answer["gradient"]![0]!, await page.NumberAsync($"#beside-{which}-gradient"));
        }
    }

    private static void AssertClose(JsonNode expected, double shown)
    {
        var value = expected.GetValue<double>();
        Assert.Equal(value, shown, 1e-3 * Math.Max(Math.Abs(value), 0.1));
    }
}
