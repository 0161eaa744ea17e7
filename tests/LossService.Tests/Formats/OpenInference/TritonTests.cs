using System.Text.Json;
using LossService.Core.Losses;
using LossService.Tests.Support;

namespace LossService.Tests.Formats.OpenInference;

/// <summary>What Triton's and KServe's clients send and ask for beyond the protocol.</summary>
public sealed class TritonTests(TestService service)
{
    private readonly OipClient _oip = new(service);

    [Theory]
    [InlineData("priority", "1")]
    [InlineData("sequence_id", "7")]
    [InlineData("sequence_start", "true")]
    [InlineData("sequence_end", "false")]
    [InlineData("headers", """{"a": "b"}""")]
    [InlineData("content_type", "\"np\"")]
    [InlineData("timeout", "10000000")]
    [InlineData("timeout", "0")]
    [InlineData("timeout", "null")]
    public async Task Parameter_ForAScheduler_ChangesNothing(string name, string value)
    {
        var expected = await _oip.InferAsync("cross_entropy", WireForm.Good);
        var reply = await _oip.InferAsync("cross_entropy", WireForm.Good.Parameter(name, value));
        Assert.Equal(200, reply.Status);
        Assert.Equal(expected.Numbers("loss"), reply.Numbers("loss"));
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("true")]
    [InlineData("\"soon\"")]
    public async Task Timeout_OfNoMicroseconds_IsRefused(string value)
    {
        var reply = await _oip.InferAsync("cross_entropy", WireForm.Good.Parameter("timeout", value));
        Assert.Equal(422, reply.Status);
        Assert.Contains("microseconds", reply.Json.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Timeout_TooShort_Is504()
    {
        // a metric needs the formula of each row, which takes some milliseconds for these
        const int Rows = 20_000;
        var form = new WireForm().Binary("logits", "FP32", [Rows, 10], new byte[Rows * 40])
            .Binary("labels", "INT64", [Rows], new byte[Rows * 8])
            .Output("accuracy").Parameter("timeout", "1");
        var reply = await _oip.InferAsync("cross_entropy", form);
        Assert.Equal(504, reply.Status);
        Assert.Equal("timeout", reply.Json.GetProperty("type").GetString());
    }

    [Theory]
    [InlineData("label_smoothing", "0.1", "\"0.1\"")]
    [InlineData("ignore_index", "1", "\"1\"")]
    [InlineData("class_weight", "[1, 2, 4]", "\"[1, 2, 4]\"")]
    public async Task Parameter_AsAStringOfJson_CountsAsIt(string name, string value, string text)
    {
        var expected = await _oip.InferAsync("cross_entropy", WireForm.Good.Parameter(name, value));
        var reply = await _oip.InferAsync("cross_entropy", WireForm.Good.Parameter(name, text));
        Assert.Equal(200, reply.Status);
        Assert.Equal(expected.Numbers("loss"), reply.Numbers("loss"));
    }

    [Theory]
    [InlineData("label_smoothing", "\"1.5\"", "got 1.5")]
    [InlineData("label_smoothing", "\"a little\"", "got \"a little\"")]
    [InlineData("label_smoothing", "\"[0.1\"", "got \"[0.1\"")]
    public async Task Parameter_AsAStringOfNoSuchNumber_IsRefused(string name, string text, string words)
    {
        var reply = await _oip.InferAsync("cross_entropy", WireForm.Good.Parameter(name, text));
        Assert.Equal(422, reply.Status);
        Assert.Contains(words, reply.Json.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Totals_AsOutputs_AreTheParameters()
    {
        var form = WireForm.Good.Output("total_loss").Output("total_weight").Output("total_samples");
        var reply = await _oip.InferAsync("cross_entropy", form);
        var parameters = reply.Json.GetProperty("parameters");
        Assert.All((string[])["total_loss", "total_weight", "total_samples"], name =>
            Assert.Equal([parameters.GetProperty(name).GetDouble()], reply.Numbers(name)));
    }

    [Theory]
    [InlineData("[NaN, 1]", "\"NaN\"")]
    [InlineData("[1, -Infinity]", "\"-Infinity\"")]
    public async Task Data_WithABareNonFiniteNumber_IsToldToQuoteIt(string data, string words)
    {
        var body = $$"""{"inputs": [{"name": "logits", "shape": [1, 2], "datatype": "FP32", "data": {{data}}}]}""";
        var reply = await _oip.PostAsync("/v2/models/cross_entropy/infer", System.Text.Encoding.UTF8.GetBytes(body));
        Assert.Equal(400, reply.Status);
        Assert.Contains(words, reply.Json.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Config_OfEveryModel_NamesItsTensors()
    {
        foreach (var loss in LossCatalogue.All)
        {
            var config = (await _oip.GetAsync($"/v2/models/{loss.Name}/config")).Json;
            var page = (await _oip.GetAsync($"/v2/models/{loss.Name}")).Json;
            Assert.Equal(0, config.GetProperty("max_batch_size").GetInt32());
            foreach (var (mine, its) in (ReadOnlySpan<(string, string)>)[("input", "inputs"), ("output", "outputs")])
                Assert.Equal(
                    page.GetProperty(its).EnumerateArray().Select(tensor =>
                        (tensor.GetProperty("name").GetString(), "TYPE_" + tensor.GetProperty("datatype").GetString())),
                    config.GetProperty(mine).EnumerateArray().Select(tensor =>
                        (tensor.GetProperty("name").GetString(), tensor.GetProperty("data_type").GetString()!)));
        }
    }

    [Fact]
    public async Task Statistics_AfterRequests_CountThem()
    {
        using var own = new TestService();
        var oip = new OipClient(own);
        await oip.InferAsync("focal", WireForm.Good);
        await oip.InferAsync("focal", WireForm.Good);
        await oip.InferAsync("focal", WireForm.Good.Output("nothing"));

        var all = (await oip.GetAsync("/v2/models/stats")).Json.GetProperty("model_stats");
        Assert.Equal(LossCatalogue.All.Count, all.GetArrayLength());
        var model = Assert.Single((await oip.GetAsync("/v2/models/focal/stats")).Json.GetProperty("model_stats").EnumerateArray());
        Assert.Equal(2, model.GetProperty("inference_count").GetInt64());
        Assert.Equal(2, Count(model, "success"));
        Assert.Equal(1, Count(model, "fail"));
        Assert.True(model.GetProperty("last_inference").GetInt64() > 0);

        static long Count(JsonElement model, string name) =>
            model.GetProperty("inference_stats").GetProperty(name).GetProperty("count").GetInt64();
    }

    [Fact]
    public async Task Index_OfTheRepository_ListsReadyModels()
    {
        var index = (await _oip.PostAsync("/v2/repository/index", "{}"u8.ToArray())).Json;
        Assert.Equal(LossCatalogue.All.Select(loss => (loss.Name, "1", "READY")), index.EnumerateArray().Select(model =>
            (model.GetProperty("name").GetString()!, model.GetProperty("version").GetString()!, model.GetProperty("state").GetString()!)));
    }
}
