using LossService.Tests.Support;

namespace LossService.Tests.Formats;

/// <summary>Labels that are relevances, and what such a loss does not take.</summary>
public sealed class RelevanceTests(TestService service)
{
    [Theory]
    [InlineData("\"labels\":[[2,\"Infinity\",1],[0,1,1]]", "#/labels/0/1", "expected a finite number, got Infinity")]
    [InlineData("\"labels\":[[2,0,1],[\"NaN\",1,1]]", "#/labels/1/0", "expected a finite number, got NaN")]
    [InlineData("\"labels\":[0,3]", "#/labels/1", "class index 3 is outside 0..2")]
    [InlineData("\"labels\":[true,false]", "#/labels/0", "class indices, integers from 0 to 2; got true")]
    [InlineData("\"labels\":[0.5,2]", "#/labels/0", "class indices, integers from 0 to 2; got 0.5")]
    [InlineData("\"label_logits\":[[1,0,1],[0,1,1]]", "#/label_logits", "list_mle takes relevances only")]
    [InlineData("\"labels\":{\"indices\":[[0],[1]],\"values\":[[1],[1]]}", "#/labels/values", "list_mle takes relevances only")]
    [InlineData("\"labels\":[0,1],\"outputs\":[\"metrics\"]", "#/outputs", "list_mle has no output metrics")]
    [InlineData("\"labels\":[0,1],\"class_weight\":[1,2,3]", "#/class_weight", "class_weight")]
    [InlineData("\"labels\":[0,1],\"label_smoothing\":0.1", "#/label_smoothing", "label_smoothing")]
    [InlineData("\"labels\":[0,1],\"temperature\":2", "#/temperature", "temperature")]
    [InlineData("\"labels\":[0,1],\"remainder\":\"uniform\"", "#/remainder", "remainder")]
    [InlineData("\"labels\":[[1,0,1],[0,1,1]],\"ignore_index\":0", "#/ignore_index", "leave dense rows out with mask")]
    public async Task Relevance_NotTaken_IsRefusedWithItsAddress(string members, string pointer, string words) =>
        (await service.PostAsync("/v1/losses/list_mle", "{\"logits\":[[2,1,0],[0,3,1]]," + members + "}"))
            .IsInvalidBatch(pointer, words);
}
