using LossService.Tests.Support;

namespace LossService.Tests.Formats;

/// <summary>Labels of several true classes, and what such a loss does not take.</summary>
public sealed class MultilabelTests(TestService service)
{
    [Theory]
    [InlineData("\"labels\":[[2,0,-1],[0,1,1]]", "#/labels/0/0", "expected 0 or 1, got 2")]
    [InlineData("\"labels\":[[1,0,-1],[0,1,1]]", "#/labels/0/2", "filled up with -1 is sent as a row with a 1 for each")]
    [InlineData("\"labels\":[[1,0.5,0],[0,1,1]]", "#/labels/0/1", "expected 0 or 1, got 0.5")]
    [InlineData("\"labels\":[0,3]", "#/labels/1", "class index 3 is outside 0..2")]
    [InlineData("\"labels\":[true,false]", "#/labels/0", "class indices, integers from 0 to 2; got true")]
    [InlineData("\"labels\":[1,false]", "#/labels/1", "class indices, integers from 0 to 2; got false")]
    [InlineData("\"label_logits\":[[1,0,1],[0,1,1]]", "#/label_logits", "class indices, or rows of 0 and 1")]
    [InlineData("\"labels\":{\"indices\":[[0],[1]],\"values\":[[1],[1]]}", "#/labels/values", "class indices, or rows of 0 and 1")]
    [InlineData("\"labels\":[0,1],\"outputs\":[\"metrics\"]", "#/outputs", "multilabel_margin has no output metrics")]
    [InlineData("\"labels\":[0,1],\"outputs\":[\"hessian\"]", "#/outputs", "multilabel_margin has no hessian")]
    [InlineData("\"labels\":[0,1],\"top_k\":1", "#/top_k", "top_k")]
    [InlineData("\"labels\":[0,1],\"label_smoothing\":0.1", "#/label_smoothing", "label_smoothing")]
    [InlineData("\"labels\":[0,1],\"temperature\":2", "#/temperature", "temperature")]
    [InlineData("\"labels\":[0,1],\"logit_bias\":[1,2,3]", "#/logit_bias", "logit_bias")]
    [InlineData("\"labels\":[0,1],\"unit\":\"bits\"", "#/unit", "not an amount of information")]
    [InlineData("\"labels\":[[1,0,1],[0,1,1]],\"ignore_index\":0", "#/ignore_index", "leave dense rows out with mask")]
    public async Task Multilabel_NotTaken_IsRefusedWithItsAddress(string members, string pointer, string words) =>
        (await service.PostAsync("/v1/losses/multilabel_margin", "{\"logits\":[[2,1,0],[0,3,1]]," + members + "}"))
            .IsInvalidBatch(pointer, words);
}
