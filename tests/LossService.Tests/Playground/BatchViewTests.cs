using System.Text.Json.Nodes;
using LossService.Tests.Support;
using Microsoft.Playwright;

namespace LossService.Tests.Playground;

/// <summary>A whole batch: shipped data, and what a person pastes or drops.</summary>
public sealed class BatchViewTests(TestService service, Browser browser)
{
    private const string Loss = "[data-fact=loss] strong";
    private const string NpyType = "application/octet-stream";
    private const string Table = "cat,dog,bird,label\n2.0,1.0,0.1,cat\n0.3,2.2,0.4,bird\n1,2,3,dog\n";
    private const string Same = """{"logits": [[2.0, 1.0, 0.1], [0.3, 2.2, 0.4], [1, 2, 3]], "labels": [0, 2, 1]}""";

    private const string Lines = """
        {"logits": [[2.0, 1.0, 0.1]], "labels": [0]}
        {"logits": [[0.3, 2.2, 0.4], [1, 2, 3]], "labels": [2, 1]}
        """;

    private static readonly FilePayload[] Files =
    [
        new() { Name = "logits.npy", MimeType = NpyType, Buffer = Npy("<f4", "(2, 3)", [2f, 1f, 0.1f, 0.3f, 2.2f, 0.4f]) },
        new() { Name = "y_true.npy", MimeType = NpyType, Buffer = Npy("<i8", "(2,)", [0L, 1L]) },
    ];

    public static TheoryData<string> Pasted => [Table, Table.Replace(',', '\t'), Same, Lines];

    [Theory]
    [InlineData("digits", 400)]
    [InlineData("iris", 150)]
    public async Task Data_ThatIsShipped_ShowsItsWorstAndItsPictures(string data, int samples)
    {
        await using var page = await OpenAsync($"#view=batch&data={data}");
        Assert.Equal(samples, await page.NumberAsync("[data-fact=samples] strong"));
        Assert.Equal(12, await page["#worst li"].CountAsync());
        var worst = (await page["#worst strong"].AllTextContentsAsync()).Select(text => OpenPage.Parse(text.Split(' ')[0])).ToArray();
        Assert.Equal(worst.OrderDescending(), worst);
        Assert.Equal(data == "digits" ? 12 : 0, await page["#worst canvas"].CountAsync());
        foreach (var picture in (string[])["histogram", "reliability", "confusion", "temperatures"])
            Assert.Equal(1, await page[$"#{picture} svg[role=img]"].CountAsync());
        Assert.Contains("CC BY 4.0", await page.TextAsync("#data-source"), StringComparison.Ordinal);
        Assert.Contains("worst of", await page.TextAsync("#share"), StringComparison.Ordinal);
        Assert.Equal(4, await page["#compare-values tr"].CountAsync());
        var batch = JsonNode.Parse((await service.SendAsync(new(HttpMethod.Get, $"/playground/data/{data}.json"))).Text)!;
        var answer = await service.PostAsync("/v1/losses/cross_entropy", new JsonObject
        {
            ["logits"] = batch["logits"]!.DeepClone(),
            ["labels"] = batch["labels"]!.DeepClone(),
        }.ToJsonString());
        Assert.Equal(JsonNode.Parse(answer.Text)!["loss"]!.GetValue<double>(), await page.NumberAsync(Loss), 1e-3);
    }

    [Theory, MemberData(nameof(Pasted))]
    public async Task Paste_OfABatch_ScoresIt(string text)
    {
        await using var page = await OpenOwnAsync();
        await page["#paste"].FillAsync(text);
        await page.ThenDrawnAsync(() => page["#own button[type=submit]"].ClickAsync());
        var answer = JsonNode.Parse((await service.PostAsync("/v1/losses/cross_entropy", Same)).Text)!;
        Assert.Equal(answer["loss"]!.GetValue<double>(), await page.NumberAsync(Loss), 1e-3);
        Assert.Equal(3, await page["#worst li"].CountAsync());
    }

    [Theory]
    [InlineData("""{"logits": [[2, 1]], "labels": [7]}""", "7", true)]
    [InlineData("""{"logitz": [[2, 1]], "labels": [1]}""", "logitz", true)]
    [InlineData("""{"logits": [[2, 1]""", "no JSON", false)]
    [InlineData("cat,dog,label\n1,2,cat\n1,cat\n", "Row 3", false)]
    [InlineData("1,x,0\n", "no number", false)]
    [InlineData("hello", "neither JSON nor a table", false)]
    public async Task Paste_OfNoBatch_SaysWhatIsWrong(string text, string told, bool isRefused)
    {
        await using var page = await OpenOwnAsync();
        page.RefusalsExpected = isRefused ? 1 : 0;
        await page["#paste"].FillAsync(text);
        await page["#own button[type=submit]"].ClickAsync();
        var error = page["#batch .error"].First;
        await error.WaitForAsync();
        Assert.Contains(told, (await error.TextContentAsync())!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_OfNumpy_AreScoredAsTheyAre()
    {
        await using var page = await OpenOwnAsync();
        await page.ThenDrawnAsync(() => page["#files"].SetInputFilesAsync(Files));
        await AssertShowsFilesAsync(page);
    }

    [Fact]
    public async Task Files_Dropped_AreScoredWhateverDataWasShown()
    {
        await using var page = await OpenAsync("#view=batch&data=iris");
        var dropped = await page.Page.EvaluateHandleAsync(
            """
            files => {
              const transfer = new DataTransfer();
              for (const { name, bytes } of files) transfer.items.add(new File([new Uint8Array(bytes)], name));
              return transfer;
            }
            """,
            Files.Select(file => new { name = file.Name, bytes = file.Buffer.Select(value => (int)value) }));
        await page.ThenDrawnAsync(() => page["#batch h1"].DispatchEventAsync("drop", new { dataTransfer = dropped }));
        Assert.True(await page["#own"].IsVisibleAsync());
        Assert.Equal("true", await page["#data button[value=own]"].GetAttributeAsync("aria-pressed"));
        await AssertShowsFilesAsync(page);
    }

    [Fact]
    public async Task Batch_ThatTakesLong_HasAProgressBar()
    {
        var posts = 0;
        await using var page = await browser.OpenAsync(new(service.Address, "#view=batch&data=iris"), route: async route =>
        {
            // the bar comes after half a second
            if (route.Request.Method == "POST" && Interlocked.Increment(ref posts) == 1) await Task.Delay(2000);
            await route.ContinueAsync();
        });
        await page["#progress:not([hidden]) progress"].WaitForAsync();
        await page.DrawnAsync();
        Assert.False(await page["#progress"].IsVisibleAsync());
    }

    [Fact]
    public async Task Losses_SideBySide_AreScoredInOneRequest()
    {
        await using var page = await OpenAsync("#view=batch&data=iris");
        var posts = new List<string>();
        page.Page.Request += (_, request) => { if (request.Method == "POST") posts.Add(new Uri(request.Url).AbsolutePath); };
        var name = (await page["#compare-choice input:not(:checked)"].First.GetAttributeAsync("value"))!;
        await page[$"#compare-choice input[value={name}]"].FocusAsync();
        await page.Page.Keyboard.PressAsync("Space");
        var row = page[$"#compare-values tr:has(a[href='v1/losses/{name}'])"];
        await row.WaitForAsync();
        Assert.Equal(["/v1/losses"], posts);
        var batch = JsonNode.Parse((await service.SendAsync(new(HttpMethod.Get, "/playground/data/iris.json"))).Text)!;
        var answer = await service.PostAsync($"/v1/losses/{name}", new JsonObject
        {
            ["logits"] = batch["logits"]!.DeepClone(),
            ["labels"] = batch["labels"]!.DeepClone(),
        }.ToJsonString());
        var shown = OpenPage.Parse((await row.Locator("td").First.TextContentAsync())!.Split(' ')[0]);
        Assert.Equal(JsonNode.Parse(answer.Text)!["loss"]!.GetValue<double>(), shown, 1e-3);
    }

    [Fact]
    public async Task Temperature_Moved_ScoresTheBatchWithIt()
    {
        await using var page = await OpenAsync("#view=batch&data=digits");
        var before = await page.NumberAsync(Loss);
        var share = await page.TextAsync("#share");
        await page["#temperature"].FocusAsync();
        for (var i = 0; i < 20; i++) await page.Page.Keyboard.PressAsync("ArrowRight");
        await page["#temperature-told:has-text('T = 2:')"].WaitForAsync();
        Assert.True(await page.NumberAsync(Loss) < before);
        // the share of the worst samples follows when the hand rests
        await page["#share"].Filter(new() { HasText = "worst of", HasNotText = share }).WaitForAsync();
    }

    private async Task<OpenPage> OpenAsync(string hash) => await (await browser.OpenAsync(new(service.Address, hash))).DrawnAsync();

    private async Task AssertShowsFilesAsync(OpenPage page)
    {
        var answer = await service.PostAsync("/v1/losses/cross_entropy", """{"logits":[[2,1,0.1],[0.3,2.2,0.4]],"labels":[0,1]}""");
        Assert.Equal(JsonNode.Parse(answer.Text)!["loss"]!.GetValue<double>(), await page.NumberAsync(Loss), 1e-3);
        Assert.Contains("is 0, said 0", await page.TextAsync("#worst"), StringComparison.Ordinal);
    }

    private async Task<OpenPage> OpenOwnAsync()
    {
        var page = await browser.OpenAsync(new(service.Address, "#view=batch&data=own"));
        await page["#paste"].WaitForAsync();
        return page;
    }

    private static byte[] Npy<T>(string descr, string shape, T[] values) where T : unmanaged
    {
        var header = $"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".PadRight(117) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. System.Text.Encoding.ASCII.GetBytes(header),
            .. System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan())];
    }
}
