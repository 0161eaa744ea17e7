using System.Text.Json;
using LossService.Tests.Support;

namespace LossService.Tests.Api;

/// <summary>Health, the index, and the headers that every answer has.</summary>
public sealed class PlainPagesTests(TestService service)
{
    [Theory]
    [InlineData("/livez", "live\n")]
    [InlineData("/readyz", "ready\n")]
    public async Task Health_OfARunningService_Is200(string path, string text)
    {
        var answer = await service.SendAsync(new(HttpMethod.Get, path));
        Assert.Equal((200, text), (answer.Status, answer.Text));
        Assert.Equal("no-store", answer.Header("Cache-Control"));
    }

    /// <summary>HEAD is GET without the body (RFC 9110, 9.3.2), so probes and link checkers may use it.</summary>
    [Theory]
    [InlineData("/livez")]
    [InlineData("/readyz")]
    [InlineData("/")]
    [InlineData("/v1/losses")]
    [InlineData("/v1/losses/cross_entropy")]
    public async Task Page_ByHead_AnswersAsByGetWithoutBody(string path)
    {
        var got = await service.SendAsync(new(HttpMethod.Get, path));
        var head = await service.SendAsync(new(HttpMethod.Head, path));
        Assert.Equal((got.Status, got.Header("Content-Type")), (head.Status, head.Header("Content-Type")));
        Assert.NotEmpty(got.Body);
        Assert.Empty(head.Body);
    }

    [Fact]
    public async Task Index_EveryLink_Answers()
    {
        var index = JsonDocument.Parse((await service.SendAsync(new(HttpMethod.Get, "/"))).Body).RootElement;
        var links = index.EnumerateObject().Select(member => member.Value.GetString()!).Where(link => link.StartsWith('/')).ToList();
        Assert.True(links.Count >= 5);
        foreach (var link in links) Assert.InRange((await service.SendAsync(new(HttpMethod.Get, link))).Status, 200, 302);
    }

    [Fact]
    public async Task RequestId_OfTheClient_ComesBack()
    {
        foreach (var path in new[] { "/livez", "/v1/losses", "/nothing" })
        {
            var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "X-Request-Id", "job-7/batch:12" } } };
            Assert.Equal("job-7/batch:12", (await service.SendAsync(request)).Header("X-Request-Id"));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("\ttab")]
    [InlineData("1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890")]
    public async Task RequestId_Unfit_IsReplaced(string id)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/livez");
        request.Headers.TryAddWithoutValidation("X-Request-Id", id);
        var made = (await service.SendAsync(request)).Header("X-Request-Id");
        Assert.NotEqual(id, made);
        Assert.Matches("^[!-~]{1,128}$", made);
    }

    [Fact]
    public async Task RequestIds_OfTwoRequests_Differ() => Assert.NotEqual(
        (await service.SendAsync(new(HttpMethod.Get, "/livez"))).Header("X-Request-Id"),
        (await service.SendAsync(new(HttpMethod.Get, "/livez"))).Header("X-Request-Id"));

    [Fact]
    public async Task Answer_OfABatch_TellsWhereItsTimeWent()
    {
        var answer = await service.PostAsync("/v1/losses/cross_entropy", """{"logits":[[1,2]],"labels":[0]}""");
        var phases = answer.Header("Server-Timing")!.Split(", ").Select(phase => phase.Split(";dur=")).ToList();
        Assert.Equal(["read", "parse", "compute", "write"], phases.Select(phase => phase[0]));
        Assert.All(phases, phase => Assert.InRange(double.Parse(phase[1], System.Globalization.CultureInfo.InvariantCulture), 0, 60_000));
    }

    [Theory]
    [InlineData("/v1/losses/cross_entropy", """{"logits":[[1,2]],"labels":[0]}""")]
    [InlineData("/v1/losses/cross_entropy", """{"logits":[[1,2],[3,4]],"labels":[0,1],"outputs":["losses","gradient","metrics"]}""")]
    [InlineData("/v2/models/cross_entropy/infer", """{"inputs":[{"name":"logits","shape":[1,2],"datatype":"FP32","data":[1,2]},{"name":"labels","shape":[1],"datatype":"INT64","data":[0]}]}""")]
    public async Task Answer_OfASmallBatch_ComesInOnePieceWithItsLength(string path, string batch)
    {
        var answer = await service.PostAsync(path, batch);
        Assert.Equal((200, $"{answer.Body.Length}"), (answer.Status, answer.Header("Content-Length")));
        Assert.Null(answer.Header("Transfer-Encoding"));
    }

    [Fact]
    public async Task Answer_LongerThanABlock_ComesInChunksWithTheNumbersOfManySmallOnes()
    {
        const int Rows = 20_000;
        static string Batch(int rows) => $$"""{"logits":[{{string.Join(',', Enumerable.Repeat("[0.5,-1.25]", rows))}}],"labels":[{{string.Join(',', Enumerable.Repeat('1', rows))}}],"outputs":["losses"]}""";
        var one = JsonDocument.Parse((await service.PostAsync("/v1/losses/cross_entropy", Batch(1))).Body).RootElement.GetProperty("losses")[0].GetSingle();
        var answer = await service.PostAsync("/v1/losses/cross_entropy", Batch(Rows));
        Assert.Equal("chunked", answer.Header("Transfer-Encoding"));
        Assert.Equal(Enumerable.Repeat(one, Rows), JsonDocument.Parse(answer.Body).RootElement.GetProperty("losses").EnumerateArray().Select(loss => loss.GetSingle()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("batch 12")]
    [InlineData("\"\\/\u0001\n<&>é😀")]
    public async Task Id_OfABatch_ComesBack(string id)
    {
        var answer = await service.PostAsync("/v1/losses/cross_entropy", $$"""{"id":{{JsonSerializer.Serialize(id)}},"logits":[[1,2]],"labels":[0]}""");
        Assert.Equal(id, JsonDocument.Parse(answer.Body).RootElement.GetProperty("id").GetString());
    }
}
