using System.Text.Json;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Formats.OpenInference.Grpc;
using LossService.Tests.Formats.OpenInference;
using LossService.Tests.Shared;
using LossService.Tests.Support;

namespace LossService.Tests.Formats;

/// <summary>What is probably a mistake is scored, and told.</summary>
public sealed class NoticeTests(TestService service)
{
    private const string Probabilities = "as probabilities do";
    private const string OneSample = "are scored as one sample of 2 classes";

    private readonly OipClient _oip = new(service);

    [Theory, MemberData(nameof(LossTheories.LabelledCategorical), MemberType = typeof(LossTheories))]
    public async Task Logits_ThatLookLikeProbabilities_AreScoredWithANotice(string name)
    {
        Assert.Contains(Probabilities, await NoticeAsync(name, """{"logits":[[0.25,0.75],[1,0]],"labels":[0,1]}"""),
            StringComparison.Ordinal);
        Assert.Contains(Probabilities, await NoticeAsync(name,
            """{"logits":[[0.3,0.7],[9,9]],"labels":[0,1],"mask":[true,false]}"""), StringComparison.Ordinal);
        Assert.Equal("", await NoticeAsync(name, """{"logits":[[0.25,0.75],[1,0.5]],"labels":[0,1]}"""));
        Assert.Equal("", await NoticeAsync(name, """{"logits":[[1.25,-0.25],[1,0]],"labels":[0,1]}"""));
        Assert.Equal("", await NoticeAsync(name, """{"logits":[[0.25,0.75]],"labels":[0],"mask":[false]}"""));
        Assert.Equal("", await NoticeAsync(name, """{"logits":[],"labels":[]}"""));
    }

    [Theory, MemberData(nameof(LossTheories.Categorical), MemberType = typeof(LossTheories))]
    public async Task OneAxis_IsScoredAsOneSampleWithANotice(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        foreach (var form in loss.Accepts)
        {
            var predictions = form == PredictionForm.LogProbabilities ? "[-0.6931472,-0.6931472]"
                : form == PredictionForm.Logits ? "[3,1]" : "[0.5,0.5]";
            var labels = loss.Labels == LabelRule.None ? "" : ",\"labels\":0";
            var notice = await NoticeAsync(name, $$"""{"{{form.Name()}}":{{predictions}}{{labels}}}""");
            Assert.Contains($"{form.Name()} of one axis {OneSample}", notice, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("binary_cross_entropy")]
    [InlineData("hinge")]
    public async Task BinaryBatch_HasNoNotice(string name) =>
        Assert.Equal("", await NoticeAsync(name, """{"logits":[0.25,0.75],"labels":[0,1]}"""));

    [Fact]
    public async Task Line_OfAStream_HasItsNotices()
    {
        var body = """{"logits":[[0.25,0.75]],"labels":[0]}""" + "\n" + """{"logits":[[2,1]],"labels":[0]}""" + "\n";
        var answer = await service.PostAsync("/v1/losses/cross_entropy", System.Text.Encoding.UTF8.GetBytes(body), "application/x-ndjson");
        var lines = answer.Text.Split('\n');
        Assert.Contains(Probabilities, lines[0], StringComparison.Ordinal);
        Assert.DoesNotContain("notices", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenInference_HasThemAsAParameter()
    {
        var form = new WireForm().Json("logits", "FP32", [2], "[0.25,0.75]").Json("labels", "INT64", [], "[0]");
        var reply = await _oip.InferAsync("cross_entropy", form);
        Assert.True(reply.Status == 200, reply.Text);
        var notices = reply.Json.GetProperty("parameters").GetProperty("notices").GetString()!;
        Assert.Contains(Probabilities, notices, StringComparison.Ordinal);
        Assert.Contains(OneSample, notices, StringComparison.Ordinal);

        var message = new ModelInferRequest { ModelName = "cross_entropy" };
        message.Inputs.Add(new ModelInferRequest.Types.InferInputTensor
        {
            Name = "logits",
            Datatype = "FP32",
            Shape = { 1, 2 },
            Contents = new() { Fp32Contents = { 0.25f, 0.75f } },
        });
        message.Inputs.Add(new ModelInferRequest.Types.InferInputTensor
        {
            Name = "labels",
            Datatype = "INT64",
            Shape = { 1 },
            Contents = new() { Int64Contents = { 0 } },
        });
        Assert.Contains(Probabilities, (await _oip.CallAsync(message)).Parameters["notices"].StringParam, StringComparison.Ordinal);
    }

    /// <summary>The texts of the notices, in one; all point at the predictions.</summary>
    private async Task<string> NoticeAsync(string name, string body)
    {
        var answer = await service.PostAsync($"/v1/losses/{name}", body);
        Assert.True(answer.Status == 200, $"{body}: {answer.Text}");
        var json = JsonDocument.Parse(answer.Text).RootElement;
        if (!json.TryGetProperty("notices", out var notices)) return "";
        var form = JsonDocument.Parse(body).RootElement.EnumerateObject().First().Name;
        Assert.All(notices.EnumerateArray(), notice => Assert.Equal($"#/{form}", notice.GetProperty("pointer").GetString()));
        return string.Join(' ', notices.EnumerateArray().Select(notice => notice.GetProperty("detail").GetString()));
    }
}
