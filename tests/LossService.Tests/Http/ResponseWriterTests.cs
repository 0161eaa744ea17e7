using System.Globalization;
using System.Text.Json;
using LossService.Tests.Support;

namespace LossService.Tests.Http;

/// <summary>How the answer to a batch travels: its length or its chunks, its timing, its id.</summary>
public sealed class ResponseWriterTests(TestService service)
{
    [Fact]
    public async Task Answer_OfABatch_TellsWhereItsTimeWent()
    {
        var answer = await service.PostAsync("/v1/losses/cross_entropy", """{"logits":[[1,2]],"labels":[0]}""");
        var phases = answer.Header("Server-Timing")!.Split(", ").Select(phase => phase.Split(";dur=")).ToList();
        Assert.Equal(["read", "parse", "compute", "write"], phases.Select(phase => phase[0]));
        Assert.All(phases, phase => Assert.InRange(double.Parse(phase[1], CultureInfo.InvariantCulture), 0, 60_000));
    }

    [Theory]
    [InlineData("/v1/losses/cross_entropy", """{"logits":[[1,2]],"labels":[0]}""")]
    [InlineData("/v1/losses/cross_entropy", """{"logits":[[1,2],[3,4]],"labels":[0,1],"outputs":["losses","gradient","metrics"]}""")]
    [InlineData("/v2/models/cross_entropy/infer", """
        {"inputs":[{"name":"logits","shape":[1,2],"datatype":"FP32","data":[1,2]},{"name":"labels","shape":[1],"datatype":"INT64","data":[0]}]}
        """)]
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
        var one = await service.PostAsync("/v1/losses/cross_entropy", Batch(1));
        var answer = await service.PostAsync("/v1/losses/cross_entropy", Batch(Rows));
        Assert.Equal("chunked", answer.Header("Transfer-Encoding"));
        Assert.Equal(Enumerable.Repeat(Losses(one).Single(), Rows), Losses(answer));

        static string Batch(int rows) => $$"""
            {"logits":[{{string.Join(',', Enumerable.Repeat("[0.5,-1.25]", rows))}}],
             "labels":[{{string.Join(',', Enumerable.Repeat('1', rows))}}],"outputs":["losses"]}
            """;

        static IEnumerable<float> Losses(Answer answer) =>
            JsonDocument.Parse(answer.Body).RootElement.GetProperty("losses").EnumerateArray().Select(loss => loss.GetSingle());
    }

    [Theory]
    [InlineData("")]
    [InlineData("batch 12")]
    [InlineData("\"\\/\u0001\n<&>é😀")]
    public async Task Id_OfABatch_ComesBack(string id)
    {
        var batch = $$"""{"id":{{JsonSerializer.Serialize(id)}},"logits":[[1,2]],"labels":[0]}""";
        var answer = await service.PostAsync("/v1/losses/cross_entropy", batch);
        Assert.Equal(id, JsonDocument.Parse(answer.Body).RootElement.GetProperty("id").GetString());
    }
}
