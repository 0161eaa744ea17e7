using LossService.Tests.Formats.OpenInference;
using LossService.Tests.Shared;
using LossService.Tests.Support;

namespace LossService.Tests.Formats;

/// <summary>Errors that are usual for users of other libraries name what to use here; several are told at once.</summary>
public sealed class HintTests(TestService service)
{
    private const string Logits = "\"logits\":[[1,2,3],[1,2,3]]";

    /// <summary>Losses, bodies, and words of the errors.</summary>
    public static TheoryData<string, string, string> Bodies => new()
    {
        { "cross_entropy", """{"logits":[[1,2]],"y_true":[0]}""", "unknown field \"y_true\"; use labels" },
        { "cross_entropy", """{"logits":[[1,2]],"target":[0]}""", "unknown field \"target\"; use labels" },
        { "cross_entropy", """{"logits":[[1,2]],"targets":[0]}""", "unknown field \"targets\"; use labels" },
        { "entropy", """{"logits":[[1,2]],"y_true":[0]}""", "entropy takes no labels" },
        { "cross_entropy", """{"y_pred":[[1,2]],"labels":[0]}""", "what they are: logits or probabilities or log_probabilities" },
        { "hinge", """{"input":[1,2],"labels":[0,1]}""", "name the predictions by what they are: logits" },
        { "cross_entropy", """{"logits":[[1,2]],"labels":[0],"from_logits":true}""", "name the predictions by what they are" },
        { "cross_entropy", """{"logits":[[1,2]],"labels":[0],"weight":[1,2]}""", "use class_weight or sample_weight" },
        { "binary_cross_entropy", """{"logits":[1],"labels":[0],"weight":[1]}""", "use class_weight or sample_weight" },
        { "kl_divergence", """{"logits":[[1,2]],"labels":[0],"log_target":true}""", "labels are probabilities" },
        { "kl_divergence", """{"logits":[[1,2]],"labels":[0],"reduction":"batchmean"}""", "got \"batchmean\"; use mean" },
        { "cross_entropy", $$"""{ {{Logits}},"labels":[0,-100]}""", "class index -100 is outside 0..2; ignore_index leaves" },
        { "cross_entropy", $$"""{ {{Logits}},"labels":[0,255]}""", "class index 255 is outside 0..2; ignore_index leaves" },
        { "cross_entropy", $$"""{ {{Logits}},"labels":[0,-1]}""", "class index -1 is outside 0..2; ignore_index leaves" },
        { "cross_entropy", $$"""{ {{Logits}},"labels":[1,3]}""", "class indices start at 0, and these seem to start at 1" },
        { "cross_entropy", $$"""{ {{Logits}},"labels":["cat","dog"]}""",
            "got \"cat\"; labels are numbers such as class indices, not names" },
        { "hinge", """{"logits":[1,2],"labels":[1,-1]}""", "for labels t of -1 and 1, send (t + 1)/2" },
        { "binary_cross_entropy", """{"logits":[1,2],"labels":[1,-1]}""", "for labels t of -1 and 1, send (t + 1)/2" },
        { "cross_entropy", """{"logits":{"0":1,"1":2},"labels":0}""", "by Array.from" },
    };

    /// <summary>Names of losses in other libraries, and what is asked.</summary>
    public static TheoryData<string, string> Losses => new()
    {
        { "bce", "did you mean \"binary_cross_entropy\"?" },
        { "nll_loss", "did you mean \"cross_entropy\" with log_probabilities?" },
        { "log_loss", "did you mean \"cross_entropy\" with probabilities" },
        { "mse", "did you mean \"brier\"" },
        { "DiceLoss", "did you mean \"dice\"?" },
        { "iou_loss", "did you mean \"jaccard\" of labels and probabilities" },
        { "focal_tversky", "did you mean \"tversky\" with gamma?" },
        { "CRPS", "did you mean \"ranked_probability_score\" of classes in an order?" },
        { "MultiLabelMarginLoss", "did you mean \"multilabel_margin\"?" },
        { "multilabel_soft_margin_loss", "did you mean \"binary_cross_entropy\"?" },
        { "listMLE", "did you mean \"list_mle\"?" },
        { "ListNet", "did you mean \"cross_entropy\" with the softmax of the relevances as labels?" },
        { "SCELoss", "did you mean \"symmetric_cross_entropy\"?" },
        { "crossentropy", "did you mean \"cross_entropy\"?" },
        { "CrossEntropyLoss", "did you mean \"cross_entropy\"?" },
        { "BCE-with-logits", "did you mean \"binary_cross_entropy\"?" },
    };

    [Theory, MemberData(nameof(Bodies))]
    public async Task Batch_InOtherWords_IsRefusedWithOurs(string loss, string body, string words)
    {
        var answer = await service.PostAsync($"/v1/losses/{loss}", body);
        var errors = answer.IsProblem(422, "invalid-batch").GetProperty("errors").EnumerateArray();
        Assert.True(errors.Any(error => error.GetProperty("detail").GetString()!.Contains(words, StringComparison.Ordinal)), answer.Text);
    }

    [Theory, MemberData(nameof(Losses))]
    public async Task Loss_InOtherWords_IsNotFoundWithOurs(string name, string words)
    {
        var answer = await service.PostAsync($"/v1/losses/{name}", "{}");
        Assert.Contains(words, answer.IsProblem(404, "unknown-loss").GetProperty("detail").GetString()!, StringComparison.Ordinal);
        var reply = await new OipClient(service).GetAsync($"/v2/models/{name}");
        Assert.Contains(words, reply.Json.GetProperty("detail").GetString()!, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(LossTheories.Labelled), MemberType = typeof(LossTheories))]
    [MemberData(nameof(LossTheories.Overlap), MemberType = typeof(LossTheories))]
    public async Task Batch_WithAllOfItMisnamed_SaysAllAtOnce(string name)
    {
        var answer = await service.PostAsync($"/v1/losses/{name}", """{"y_pred":[[1,2]],"y_true":[0]}""");
        var problem = answer.IsProblem(422, "invalid-batch");
        Assert.Equal(4, problem.GetProperty("total_errors").GetInt32());
        foreach (var words in (string[])["\"y_pred\"", "\"y_true\"; use labels", "predictions are missing", "labels are missing"])
            Assert.Contains(problem.GetProperty("errors").EnumerateArray(),
                error => error.GetProperty("detail").GetString()!.Contains(words, StringComparison.Ordinal));
    }

    [Fact]
    public async Task OpenInference_InOtherWords_IsRefusedWithOurs()
    {
        var reply = await new OipClient(service).InferAsync("cross_entropy", new WireForm()
            .Json("y_pred", "FP32", [1, 2], "[1,2]").Json("y_true", "INT64", [1], "[0]"));
        Assert.Equal(422, reply.Status);
        Assert.Contains("unknown input \"y_true\"; use labels",
            reply.Text.Replace("\\\"", "\"", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"logits":[[1,NaN]],"labels":[0]}""", "Write NaN in quotes")]
    [InlineData("""{"logits":[[1,nan]],"labels":[0]}""", "Write NaN in quotes")]
    [InlineData("""{"logits":[[1,Infinity]],"labels":[0]}""", "\"Infinity\"")]
    [InlineData("""{"logits":[[1,-Infinity]],"labels":[0]}""", "\"-Infinity\"")]
    [InlineData("""{"logits":[[1,-inf]],"labels":[0]}""", "\"-Infinity\"")]
    public async Task BareNonFinite_IsToldToBeQuoted(string body, string words)
    {
        var problem = (await service.PostAsync("/v1/losses/cross_entropy", body)).IsProblem(400, "invalid-json");
        Assert.Contains(words, problem.GetProperty("detail").GetString()!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"logits":[[1,2,3]],"labels":[7]}""", "labels[0]: class index 7 is outside 0..2")]
    [InlineData("""{"logits":[[1,2,3]],"labels":[7],"mask":[2]}""", "mask[0]: expected true or false, or 0 or 1, got 2")]
    [InlineData("""{"logits":[[1,2,3]],"labels":[0],"label_smoothing":2}""", "label_smoothing: expected a number from 0 to 1, got 2")]
    [InlineData("""{"logits":[[1,2]],"labels":[0,1]}""", "labels have the shape [2]")]
    [InlineData("""{"logits":[[1,2],[1,2]],"labels":[7,7]}""", "2 errors; the first: labels[0]: class index 7 is outside 0..1")]
    [InlineData("""{"logits":{"dtype":"float32","shape":[1,2.5],"data":""},"labels":[0]}""", "logits.shape[1]: expected an integer")]
    public async Task Detail_SaysWhereAndWhat(string body, string detail) => Assert.StartsWith(detail,
        (await service.PostAsync("/v1/losses/cross_entropy", body)).IsProblem(422, "invalid-batch").GetProperty("detail").GetString()!,
        StringComparison.Ordinal);

    /// <summary>No more than 40 characters of the client's are sent back, in pointers neither.</summary>
    [Fact]
    public async Task LongNames_AreCut()
    {
        var name = new string('x', 3000);
        var oip = new OipClient(service);
        string[] texts =
        [
            (await service.PostAsync("/v1/losses/cross_entropy", $$"""{"logits":[[1,2]],"labels":[0],"{{name}}":1,"{{name}}":2}""")).Text,
            (await service.PostAsync("/v1/losses/cross_entropy", $$"""{"logits":{"{{name}}":1,"{{name}}":2},"labels":[0]}""")).Text,
            (await service.PostAsync("/v1/losses/cross_entropy",
                $$"""{"logits":[["{{name}}"]],"labels":["{{name}}"],"reduction":"{{name}}"}""")).Text,
            (await service.PostAsync($"/v1/losses/{name}", "{}")).Text,
            (await service.PostAsync($"/v1/{name}", "{}")).Text,
            (await service.PostAsync("/v1/losses/cross_entropy", System.Text.Encoding.UTF8.GetBytes("{}"), $"text/{name}")).Text,
            (await oip.InferAsync("cross_entropy", WireForm.Good.Json(name, "FP32", [1], "[1]").Parameter(name, "1").Output(name))).Text,
            (await oip.InferAsync("cross_entropy",
                new WireForm().Json("logits", name, [1], "[1]").Input($$"""{"name":"{{name}}"}"""))).Text,
            (await oip.InferAsync("cross_entropy", WireForm.Good.Parameter(name, "1").Parameter(name, "2"))).Text,
            (await oip.InferAsync("cross_entropy", WireForm.Good.Input($$"""{"name":"mask","{{name}}":1,"{{name}}":1}"""))).Text,
            (await oip.InferAsync("cross_entropy",
                WireForm.Good.OutputJson($$$"""{"name":"loss","{{{name}}}":1,"parameters":{"{{{name}}}":1}}"""))).Text,
        ];
        Assert.All(texts, text => Assert.DoesNotContain(new string('x', 41), text, StringComparison.Ordinal));
    }

    /// <summary>A name that only looks like a field is not quoted as that field.</summary>
    [Fact]
    public async Task NameWithAnInvisibleCharacter_IsQuotedWithItsCode() =>
        (await service.PostAsync("/v1/losses/cross_entropy", "{\"logits\u200b\":[[1,2]],\"labels\":[0]}"))
            .IsInvalidBatch("#/logits%E2%80%8B", "unknown field \"logits\\u200b\" (did you mean \"logits\"?)");
}
