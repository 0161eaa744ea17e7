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

    public static TheoryData<string> Pasted => [Table, Table.Replace(',', '\t'), Same, Lines];

    [Theory]
    [InlineData("digits", 400)]
    [InlineData("iris", 150)]
    public async Task Data_ThatIsShipped_ShowsItsWorstAndItsPictures(string data, int samples)
    {
        await using var page = await OpenAsync($"#view=batch&data={data}");
        Assert.Equal(samples, await page.NumberAsync("[data-fact=samples] strong"));
        Assert.Equal(12, await page["#worst li"].CountAsync());
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
        FilePayload[] files =
        [
            new() { Name = "logits.npy", MimeType = NpyType, Buffer = Npy("<f4", "(2, 3)", [2f, 1f, 0.1f, 0.3f, 2.2f, 0.4f]) },
            new() { Name = "y_true.npy", MimeType = NpyType, Buffer = Npy("<i8", "(2,)", [0L, 1L]) },
        ];
        await page.ThenDrawnAsync(() => page["#files"].SetInputFilesAsync(files));
        var answer = await service.PostAsync("/v1/losses/cross_entropy", """{"logits":[[2,1,0.1],[0.3,2.2,0.4]],"labels":[0,1]}""");
        Assert.Equal(JsonNode.Parse(answer.Text)!["loss"]!.GetValue<double>(), await page.NumberAsync(Loss), 1e-3);
        Assert.Contains("is 0, said 0", await page.TextAsync("#worst"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Temperature_Moved_ScoresTheBatchWithIt()
    {
        await using var page = await OpenAsync("#view=batch&data=digits");
        var before = await page.NumberAsync(Loss);
        await page["#temperature"].FocusAsync();
        for (var i = 0; i < 20; i++) await page.Page.Keyboard.PressAsync("ArrowRight");
        await page["#temperature-told:has-text('T = 2:')"].WaitForAsync();
        Assert.True(await page.NumberAsync(Loss) < before);
    }

    private async Task<OpenPage> OpenAsync(string hash) => await (await browser.OpenAsync(new(service.Address, hash))).DrawnAsync();

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
