using System.Text.Json.Nodes;
using LossService.Tests.Support;

namespace LossService.Tests.Playground;

/// <summary>P and Q: what they show is what the service answers for the distributions that stand in their fields.</summary>
public sealed class DistributionTests(TestService service, Browser browser)
{
    private static readonly string[] Events = ["cat", "dog", "bird"];

    [Theory]
    [InlineData("nats")]
    [InlineData("bits")]
    public async Task Unit_Chosen_IsThatOfEveryAmount(string unit)
    {
        await using var page = await OpenAsync();
        await page.ThenDrawnAsync(() => page[$"#distributions-unit button[value={unit}]"].ClickAsync());
        foreach (var name in (string[])["h-p", "h-pq", "kl"]) Assert.Equal(unit, await page.TextAsync($"#{name}-unit"));
        await AssertShowsAsync(page, unit);
    }

    [Theory]
    [InlineData("P", "#p=0.5,0.3333,0.1667")]
    [InlineData("Q", "#q=0.25,0.3571,0.3929")]
    public async Task Number_Typed_LeavesTheOthersTheirProportions(string distribution, string expected)
    {
        await using var page = await OpenAsync("#view=distributions&p=0.7,0.2,0.1&q=0.3,0.3333,0.3667");
        await TypeAsync(page, distribution, "cat", distribution == "P" ? "0.5" : "0.25");
        var shares = await ReadAsync(page, distribution);
        var wanted = expected[3..].Split(',').Select(OpenPage.Parse).ToArray();
        for (var i = 0; i < wanted.Length; i++) Assert.Equal(wanted[i], shares[i], 1e-4);
        await AssertShowsAsync(page, "nats");
    }

    [Theory]
    [InlineData("1.5")]
    [InlineData("-0.1")]
    [InlineData("half")]
    [InlineData("")]
    public async Task Number_ThatIsNoProbability_HasTheErrorBesideIt(string written)
    {
        await using var page = await OpenAsync();
        var before = await page.TextAsync("#h-p");
        await page[Field("P", "dog")].FillAsync(written);
        await page.Page.Keyboard.PressAsync("Enter");
        await page["#bars-p .error"].WaitForAsync();
        Assert.Contains($"from 0 to 1, got \"{written}\"", (await page["#bars-p .error"].TextContentAsync())!, StringComparison.Ordinal);
        Assert.Equal("true", await page[Field("P", "dog")].GetAttributeAsync("aria-invalid"));
        Assert.Equal(before, await page.TextAsync("#h-p"));
        await TypeAsync(page, "P", "dog", "0.25");
        Assert.Equal(0, await page[".error"].CountAsync());
        await AssertShowsAsync(page, "nats");
    }

    [Fact]
    public async Task Bar_Dragged_IsScoredWhereItStops()
    {
        await using var page = await OpenAsync();
        var box = (await page[Bar("Q", "dog")].BoundingBoxAsync())!;
        var x = box.X + (box.Width / 2);
        await page.ThenDrawnAsync(async () =>
        {
            // 0.5 is half way up
            await page.Page.Mouse.MoveAsync(x, box.Y + (box.Height * 0.5f));
            await page.Page.Mouse.DownAsync();
            await page.Page.Mouse.MoveAsync(x, box.Y + (box.Height * 0.15f), new() { Steps = 12 });
            await page.Page.Mouse.UpAsync();
        });
        Assert.InRange((await ReadAsync(page, "Q"))[1], 0.75, 0.95);
        await AssertShowsAsync(page, "nats");
    }

    [Fact]
    public async Task Event_ThatQRulesOut_SurprisesInfinitely()
    {
        await using var page = await OpenAsync();
        await page[Bar("Q", "bird")].FocusAsync();
        await page.ThenDrawnAsync(() => page.Page.Keyboard.PressAsync("Home"));
        Assert.Equal("∞", await page.TextAsync("#h-pq"));
        Assert.Equal("∞", await page.TextAsync("#kl"));
        Assert.Contains("infinite", await page.TextAsync("#distributions-told"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Truth_Believed_AddsNothing()
    {
        await using var page = await OpenAsync();
        await page.ThenDrawnAsync(() => page["#same"].ClickAsync());
        Assert.Equal(await ReadAsync(page, "P"), await ReadAsync(page, "Q"));
        Assert.Equal(await page.TextAsync("#h-p"), await page.TextAsync("#h-pq"));
        Assert.Contains("Q is P", await page.TextAsync("#distributions-told"), StringComparison.Ordinal);
    }

    private async Task<OpenPage> OpenAsync(string hash = "#view=distributions") =>
        await (await browser.OpenAsync(new(service.Address, hash))).DrawnAsync();

    private static string Field(string distribution, string name) => $"input[aria-label='{distribution} of {name}, as a number']";

    private static string Bar(string distribution, string name) => $"input[aria-label='{distribution} of {name}']";

    private static Task TypeAsync(OpenPage page, string distribution, string name, string number) => page.ThenDrawnAsync(async () =>
    {
        await page[Field(distribution, name)].FillAsync(number);
        await page.Page.Keyboard.PressAsync("Enter");
    });

    private static async Task<double[]> ReadAsync(OpenPage page, string distribution) =>
        await Task.WhenAll(Events.Select(async name => OpenPage.Parse(await page[Field(distribution, name)].InputValueAsync())));

    /// <summary>Compares all amounts with the service's, asked otherwise than the page asks.</summary>
    private async Task AssertShowsAsync(OpenPage page, string unit)
    {
        var (p, q) = (await ReadAsync(page, "P"), await ReadAsync(page, "Q"));
        await AssertAsync(p, p, "cross_entropy", "#h-p");
        await AssertAsync(p, q, "cross_entropy", "#h-pq");
        await AssertAsync(p, q, "kl_divergence", "#kl");
        for (var i = 0; i < Events.Length; i++)
        {
            var sure = Events.Select((_, other) => other == i ? 1.0 : 0).ToArray();
            await AssertAsync(sure, p, "cross_entropy", $"#bars-p .upright-bar:nth-child({i + 1}) .content");
            await AssertAsync(sure, q, "cross_entropy", $"#bars-q .upright-bar:nth-child({i + 1}) .content");
        }

        async Task AssertAsync(double[] labels, double[] probabilities, string loss, string shown)
        {
            var answer = await service.PostAsync($"/v1/losses/{loss}", new JsonObject
            {
                ["labels"] = Row(labels),
                ["probabilities"] = Row(probabilities),
                ["normalize"] = true,
                ["unit"] = unit,
            }.ToJsonString());
            var expected = JsonNode.Parse(answer.Text)!["loss"]!.GetValue<double>();
            // three digits are shown of some, and the fields round to four places
            Assert.Equal(expected, await page.NumberAsync(shown), 6e-3 * Math.Max(expected, 0.1));
        }
    }

    private static JsonArray Row(double[] values) => [new JsonArray([.. values.Select(value => JsonValue.Create(value))])];
}
