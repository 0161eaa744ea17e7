using System.Globalization;
using System.Text.Json.Nodes;
using LossService.Core.Losses;
using LossService.Tests.Shared;
using LossService.Tests.Support;

namespace LossService.Tests.Playground;

/// <summary>One sample: what it shows is what the service answers.</summary>
public sealed class SampleTests(TestService service, Browser browser)
{
    private const string Amount = "#amount";
    private const string CatScore = "input[type=range][aria-label='Score of cat']";
    private const string CatField = "input[aria-label='Score of cat, as a number']";

    [Fact]
    public async Task Start_WithNothingDone_ShowsALossAndItsPicture()
    {
        await using var page = await OpenAsync();
        Assert.Equal(0.417, await page.NumberAsync(Amount), 1e-9);
        Assert.Equal("nats", await page.TextAsync("#amount-unit"));
        Assert.Contains("The picture shows a cat", await page.TextAsync("#told"), StringComparison.Ordinal);
        Assert.Equal(1, await page["#curve svg[role=img][aria-label]"].CountAsync());
        Assert.Equal(65.9, await page.NumberAsync(".row:has-text('cat') .probability output"), 1e-9);
        Assert.Equal(-0.341, await page.NumberAsync(".row:has-text('cat') .gradient output"), 1e-9);
    }

    [Fact]
    public async Task Drag_OfAScore_ShowsTheLossOfWhereItStops()
    {
        await using var page = await OpenAsync();
        var box = (await page[CatScore].BoundingBoxAsync())!;
        await page.ThenDrawnAsync(async () =>
        {
            // 2 of -8 to 8 is at five eighths
            await page.Page.Mouse.MoveAsync(box.X + (box.Width * 0.62f), box.Y + (box.Height / 2));
            await page.Page.Mouse.DownAsync();
            await page.Page.Mouse.MoveAsync(box.X + (box.Width * 0.2f), box.Y + (box.Height / 2), new() { Steps = 12 });
            await page.Page.Mouse.UpAsync();
        });
        var score = double.Parse(await page[CatField].InputValueAsync(), CultureInfo.InvariantCulture);
        Assert.InRange(score, -8, 0);
        await AssertShowsAsync(page, $$"""{"logits": [[{{Text(score)}}, 1, 0.1]], "labels": [0]}""");
    }

    [Fact]
    public async Task Keys_OnAScore_MoveIt()
    {
        await using var page = await OpenAsync();
        await page[CatScore].FocusAsync();
        await page.ThenDrawnAsync(() => page.Page.Keyboard.PressAsync("Home"));
        await AssertShowsAsync(page, """{"logits": [[-8, 1, 0.1]], "labels": [0]}""");
        await page.ThenDrawnAsync(() => page.Page.Keyboard.PressAsync("ArrowRight"));
        await AssertShowsAsync(page, """{"logits": [[-7.95, 1, 0.1]], "labels": [0]}""");
    }

    [Fact]
    public async Task Keys_OnTheScoreOfTheTruth_MoveAlongTheCurveByOneRequestEach()
    {
        await using var page = await OpenAsync();
        var posts = 0;
        page.Page.Request += (_, request) => posts += request.Method == "POST" ? 1 : 0;
        var curve = await CurveAsync(page);
        await page[CatScore].FocusAsync();
        var point = await page["#curve circle"].GetAttributeAsync("cx");
        for (var i = 1; i <= 3; i++)
        {
            await page.ThenDrawnAsync(() => page.Page.Keyboard.PressAsync("ArrowLeft"));
            Assert.Equal(i, posts);
            Assert.NotEqual(point, point = await page["#curve circle"].GetAttributeAsync("cx"));
        }
        Assert.Equal(curve, await CurveAsync(page));
        // another score bends the curve of the loss against this one
        await page["input[type=range][aria-label='Score of dog']"].FocusAsync();
        await page.ThenDrawnAsync(() => page.Page.Keyboard.PressAsync("End"));
        Assert.Equal(5, posts);
    }

    [Fact]
    public async Task Number_Typed_IsScored()
    {
        await using var page = await OpenAsync();
        await page.ThenDrawnAsync(async () =>
        {
            await page[CatField].FillAsync("-3.25");
            await page.Page.Keyboard.PressAsync("Enter");
        });
        await AssertShowsAsync(page, """{"logits": [[-3.25, 1, 0.1]], "labels": [0]}""");
    }

    [Theory]
    [InlineData("9")]
    [InlineData("much")]
    public async Task Number_ThatIsNoScore_HasTheErrorBesideIt(string written)
    {
        await using var page = await OpenAsync();
        await page[CatField].FillAsync(written);
        await page.Page.Keyboard.PressAsync("Enter");
        await page["#rows .score .error"].WaitForAsync();
        Assert.Contains("from −8 to 8", (await page["#rows .score .error"].TextContentAsync())!, StringComparison.Ordinal);
        Assert.Equal(0.417, await page.NumberAsync(Amount), 1e-9);
        await page.ThenDrawnAsync(() => page["#sample [data-situation=unsure]"].ClickAsync());
        Assert.Equal(0, await page[".error"].CountAsync());
    }

    [Fact]
    public async Task Truth_OfAnotherClass_IsAnotherLoss()
    {
        await using var page = await OpenAsync();
        await page.ThenDrawnAsync(() => page.Page.GetByText("bird", new() { Exact = true }).First.ClickAsync());
        await AssertShowsAsync(page, """{"logits": [[2, 1, 0.1]], "labels": [2]}""");
    }

    [Theory, MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public async Task Loss_OfTheCatalogue_IsShownWithFormulaAndOptions(string name)
    {
        await using var page = await OpenAsync();
        var loss = LossCatalogue.Find(name)!;
        if (name != "cross_entropy")
            await page.ThenDrawnAsync(() => page["#loss-name"].SelectOptionAsync(name));
        Assert.Equal(0, await page[".error"].CountAsync());
        Assert.Equal(1, await page["#formula math"].CountAsync());
        Assert.Equal(1, await page["#curve svg"].CountAsync());
        var shown = await page["#options .option"].EvaluateAllAsync<string[]>("all => all.map(option => option.dataset.member)");
        Assert.Equal(loss.Options.Select(option => option.Name).Where(option => option != "clip").Order(), shown.Order());
        Assert.Equal($"v1/losses/{name}", await page["#loss-page"].GetAttributeAsync("href"));
        Assert.True(double.IsFinite(await page.NumberAsync(Amount)));
    }

    [Fact]
    public async Task Option_Moved_ChangesTheLoss()
    {
        await using var page = await OpenAsync("#loss=focal");
        var before = await page.NumberAsync(Amount);
        await page["input[type=range][aria-label='gamma']"].FocusAsync();
        await page.ThenDrawnAsync(() => page.Page.Keyboard.PressAsync("Home"));
        Assert.True(await page.NumberAsync(Amount) > before);
        await AssertShowsAsync(page, """{"logits": [[2, 1, 0.1]], "labels": [0], "gamma": 0}""", "focal");
    }

    [Fact]
    public async Task Weight_OfTheTrueClass_MultipliesTheLoss()
    {
        await using var page = await OpenAsync();
        await page.ThenDrawnAsync(async () =>
        {
            await page["input[aria-label='class_weight of cat, as a number']"].FillAsync("2");
            await page.Page.Keyboard.PressAsync("Tab");
        });
        Assert.Equal(0.8341, await page.NumberAsync(Amount), 1e-9);
    }

    [Fact]
    public async Task Bias_OfAClass_AddsToItsScore()
    {
        await using var page = await OpenAsync();
        var field = page["input[aria-label='logit_bias of cat, as a number']"];
        Assert.Equal("0", await field.InputValueAsync());
        await page.ThenDrawnAsync(async () =>
        {
            await field.FillAsync("-1.5");
            await page.Page.Keyboard.PressAsync("Tab");
        });
        await AssertShowsAsync(page, """{"logits": [[0.5, 1, 0.1]], "labels": [0]}""");
    }

    [Fact]
    public async Task Option_ThatTheServiceRefuses_HasTheErrorBesideIt()
    {
        await using var page = await OpenAsync();
        page.RefusalsExpected = 2;
        await page["input[aria-label='label_smoothing, as a number']"].FillAsync("7");
        await page.Page.Keyboard.PressAsync("Tab");
        var error = page["[data-member=label_smoothing] .error"];
        await error.WaitForAsync();
        Assert.Contains("from 0 to 1", (await error.TextContentAsync())!, StringComparison.Ordinal);
        await page.ThenDrawnAsync(() => page["#reset"].ClickAsync());
        Assert.Equal(0, await page[".error"].CountAsync());
    }

    [Fact]
    public async Task Bits_OfALoss_AreThoseOfTheService()
    {
        await using var page = await OpenAsync();
        await page.ThenDrawnAsync(() => page["#unit button[value=bits]"].ClickAsync());
        Assert.Equal("bits", await page.TextAsync("#amount-unit"));
        await AssertShowsAsync(page, """{"logits": [[2, 1, 0.1]], "labels": [0], "unit": "bits"}""");
    }

    private async Task<OpenPage> OpenAsync(string hash = "") =>
        await (await browser.OpenAsync(new(service.Address, hash))).DrawnAsync();

    private async Task AssertShowsAsync(OpenPage page, string batch, string loss = "cross_entropy")
    {
        var answer = JsonNode.Parse((await service.PostAsync($"/v1/losses/{loss}", batch)).Text)!;
        var expected = answer["loss"]!.GetValue<double>();
        var shown = await page.NumberAsync(Amount);
        Assert.True(Math.Abs(shown - expected) <= 1e-3 * Math.Max(expected, 0.1), $"shows {shown}, the service answers {expected}");
    }

    private static Task<string?> CurveAsync(OpenPage page) => page["#curve svg g[stroke-width='2.5'] path"].GetAttributeAsync("d");

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
}
