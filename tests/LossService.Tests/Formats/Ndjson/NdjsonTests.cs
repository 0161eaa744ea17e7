using System.Diagnostics;
using System.Text;
using System.Text.Json;
using LossService.Tests.Support;

namespace LossService.Tests.Formats.Ndjson;

/// <summary>A stream of batches is answered line by line as each would be by itself, and summed up as one dataset.</summary>
public sealed class NdjsonTests(TestService service)
{
    private const string Path = "/v1/losses/cross_entropy";
    private const string Good = """{"logits":[[1,2],[3,1]],"labels":[0,1],"outputs":["loss","gradient"],"id":"a"}""";

    public static TheoryData<string> Batches =>
    [
        Good,
        """{"logits":[[0.1,0.2,-7]],"labels":[2],"outputs":["losses","metrics"],"dtype":"float64"}""",
        """{"logits":{"dtype":"float16","shape":[1,2],"data":"ADwAQA=="},"labels":[0],"tensor_encoding":"base64","outputs":["gradient"]}""",
        """{"logits":[[1,2]],"labels":[0],"mask":[false]}""",
        // and what is no batch
        """{"logits":[[1,2]],"labels":[2]}""",
        """{"logits":[[1,2]],"label":[1]}""",
        """{"logits":[[1,2]],"labels":[0]""",
        "[]",
        "{} {}",
        "nonsense",
        "\uFEFF{}",
    ];

    [Theory]
    [MemberData(nameof(Batches))]
    public async Task Line_AmongOthers_IsAnsweredAsByItself(string batch)
    {
        var alone = await service.PostAsync(Path, batch);
        var lines = await StreamAsync($"{Good}\n{batch}\n{Good}\n");
        Assert.Equal(4, lines.Length);
        var answer = alone.Status == 200 ? $$"""{"line":2,{{alone.Text[1..]}}""" : $$$"""{"line":2,"error":{{{alone.Text}}}}""";
        Assert.Equal(answer, lines[1]);
        Assert.Equal(lines[0].Replace("\"line\":1", "\"line\":3", StringComparison.Ordinal), lines[2]);
        var summary = JsonDocument.Parse(lines[3]).RootElement.GetProperty("summary");
        Assert.Equal((3, alone.Status == 200 ? 0 : 1), (summary.GetProperty("lines").GetInt32(), summary.GetProperty("failed").GetInt32()));
    }

    [Theory]
    [InlineData("{0}\n{0}\n", new[] { 1, 2 })]
    [InlineData("{0}\n{0}", new[] { 1, 2 })]
    [InlineData("{0}\r\n{0}\r\n", new[] { 1, 2 })]
    [InlineData("\n \t\n{0}\n\r\n\n{0}\n\n", new[] { 3, 6 })]
    [InlineData("\n\n", new int[0])]
    [InlineData("", new int[0])]
    public async Task Lines_HoweverTheyEnd_AreNumberedAsAnEditorDoes(string stream, int[] numbers)
    {
        var lines = await StreamAsync(stream.Replace("{0}", Good, StringComparison.Ordinal));
        Assert.Equal(numbers, lines[..^1].Select(line => JsonDocument.Parse(line).RootElement.GetProperty("line").GetInt32()));
        var summary = JsonDocument.Parse(lines[^1]).RootElement.GetProperty("summary");
        Assert.Equal((numbers.Length, 2 * numbers.Length),
            (summary.GetProperty("lines").GetInt32(), summary.GetProperty("totals").GetProperty("samples").GetInt32()));
        Assert.Equal(numbers.Length == 0, summary.GetProperty("loss").ValueKind == JsonValueKind.Null);
    }

    [Fact]
    public async Task Lines_AfterMillionsOfBlankOnes_TakeTheTimeOfTheirBytes()
    {
        var stream = Encoding.ASCII.GetBytes(new string('\n', 40_000_000) + $" \r\n{Good}\n" + new string('\n', 1_000_000) + Good);
        var start = Stopwatch.GetTimestamp();
        var lines = (await service.PostAsync(Path, stream, "application/x-ndjson")).Text.Split('\n');
        // a line that is looked at by itself took 0.4 µs, so these took 18 s
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 10);
        Assert.StartsWith("{\"line\":40000002,", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("{\"line\":41000003,", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_PastTheBodyLimit_HasALimitForEachLineOnly()
    {
        const int Limit = 2048;
        await using var small = new TestService(host => host.UseSetting("Limits:BodyBytes", $"{Limit}"));
        var fits = Good.PadRight(Limit);
        var answer = await small.PostAsync(Path,
            Encoding.UTF8.GetBytes($"{fits}\n{fits} \n{Good}\n{new string(' ', 100 * Limit)}\n{fits}\n{fits}x"), "application/x-ndjson");
        var lines = Lines(answer);

        Assert.Equal([1, 2, 3, 4, 5, 6], lines[..^1].Select(line => JsonDocument.Parse(line).RootElement.GetProperty("line").GetInt32()));
        foreach (var i in (int[])[0, 2, 4]) Assert.Contains("\"totals\"", lines[i], StringComparison.Ordinal);
        foreach (var i in (int[])[1, 3, 5])
        {
            var error = JsonDocument.Parse(lines[i]).RootElement.GetProperty("error");
            Assert.Equal((413, "payload-too-large", Limit), (error.GetProperty("status").GetInt32(), error.GetProperty("type").GetString(),
                error.GetProperty("limit_bytes").GetInt32()));
        }
        Assert.Contains("\"lines\":6,\"failed\":3", lines[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/x-ndjson")]
    [InlineData("APPLICATION/X-NDJSON; charset=UTF-8")]
    public async Task ContentType_OfAStream_IsRead(string contentType)
    {
        var answer = await service.PostAsync(Path, Encoding.UTF8.GetBytes(Good), contentType);
        Assert.Equal((200, "application/x-ndjson", 2), (answer.Status, answer.Header("Content-Type"), Lines(answer).Length));
    }

    [Theory]
    [InlineData("application/x-ndjson", 200)]
    [InlineData("application/*", 200)]
    [InlineData("*/*", 200)]
    [InlineData("application/json", 406)]
    [InlineData("application/x-ndjson;q=0, */*", 406)]
    public async Task Accept_OfAStream_IsThatOfItsAnswers(string accept, int status)
    {
        var request = new HttpRequestMessage(HttpMethod.Post,
            Path)
        { Content = new StringContent(Good, new System.Net.Http.Headers.MediaTypeHeaderValue("application/x-ndjson")) };
        request.Headers.TryAddWithoutValidation("Accept", accept);
        var answer = await service.SendAsync(request);
        if (status == 200) Assert.Equal(200, answer.Status);
        else Assert.Contains("application/x-ndjson", answer.IsProblem(406, "not-acceptable").GetProperty("detail").GetString()!,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Loss_Unknown_Is404BeforeTheFirstLine() =>
        (await service.PostAsync("/v1/losses/cross_entrop", Encoding.UTF8.GetBytes(Good), "application/x-ndjson")).IsProblem(404,
            "unknown-loss");

    private async Task<string[]> StreamAsync(string stream)
    {
        var answer = await service.PostAsync(Path, Encoding.UTF8.GetBytes(stream), "application/x-ndjson");
        Assert.Equal((200, "application/x-ndjson"), (answer.Status, answer.Header("Content-Type")));
        return Lines(answer);
    }

    private static string[] Lines(Answer answer)
    {
        Assert.EndsWith("\n", answer.Text, StringComparison.Ordinal);
        return answer.Text[..^1].Split('\n');
    }
}
