using System.Text.Json;
using System.Text.Json.Nodes;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Formats.OpenInference.Grpc;
using LossService.Tests.Formats.Json;
using LossService.Tests.Formats.OpenInference;
using LossService.Tests.Shared;
using LossService.Tests.Support;

namespace LossService.Tests.Formats;

/// <summary>A batch of no samples is a batch: no loss, empty results, totals of 0.</summary>
public sealed class EmptyBatchTests(TestService service)
{
    private readonly OipClient _oip = new(service);

    [Theory, MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public async Task Json_WithoutSamples_HasTotalsOf0(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        int[] dense = [0, 3];
        foreach (var form in loss.Accepts)
        {
            string[] predictions = ["[]", EncodedTensor.Of<float>("float32", dense), EncodedTensor.Of<double>("float64", [0, 2, 3])];
            string[] labels = loss.Labels == LabelRule.None ? [""]
                : [",\"labels\":[]", $",\"labels\":{EncodedTensor.Of<long>("int64", [0])}"];
            string[] options = ["", ",\"sample_weight\":[],\"mask\":[]",
                loss.FindOption("class_weight") is null ? "" : ",\"class_weight\":[1,2,3]"];
            foreach (var (posted, label, option) in from posted in predictions
                                                    from label in labels
                                                    from option in options
                                                    select (posted, label, option))
            {
                var outputs = JsonSerializer.Serialize(loss.Outputs.Select(output => output.Name));
                var body = $$"""{"{{form.Name()}}":{{posted}}{{label}}{{option}},"outputs":{{outputs}}}""";
                AssertEmpty(loss, await service.PostAsync($"/v1/losses/{name}", body), body);
            }
        }
    }

    /// <summary>Rows of no samples have weights and a mask, one for each.</summary>
    [Theory, MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public async Task Json_RowsWithoutSamples_HaveWeightsAndAMask(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        var isBinary = loss.Kind == LossKind.Binary;
        var labels = loss.Labels == LabelRule.None ? "" : $",\"labels\":{EncodedTensor.Of<long>("int64", [2, 0])}";
        var outputs = JsonSerializer.Serialize(loss.Outputs.Select(output => output.Name));
        foreach (var form in loss.Accepts)
        {
            var predictions = EncodedTensor.Of<float>("float32", isBinary ? [2, 0] : [2, 0, 3]);
            string[] perRow = ["\"sample_weight\":[1,2]", "\"mask\":[1,0]", "\"sample_weight\":[[1],[2]],\"mask\":[true,true]"];
            foreach (var each in perRow)
            {
                var body = $$"""{"{{form.Name()}}":{{predictions}}{{labels}},{{each}},"outputs":{{outputs}}}""";
                AssertEmpty(loss, await service.PostAsync($"/v1/losses/{name}", body), body);
            }
        }
    }

    [Theory, MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public async Task OpenInference_WithoutSamples_HasTotalsOf0(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        var form = new WireForm().Json(loss.Accepts[0].Name(), "FP32", [0, 3], "[]");
        var binary = new WireForm().Binary(loss.Accepts[0].Name(), "FP32", [0, 3], []);
        var message = new ModelInferRequest { ModelName = name };
        message.Inputs.Add(new ModelInferRequest.Types.InferInputTensor
        {
            Name = loss.Accepts[0].Name(),
            Datatype = "FP32",
            Shape = { 0, 3 },
            Contents = new(),
        });
        if (loss.Labels != LabelRule.None)
        {
            form.Json("labels", "INT64", [0], "[]");
            binary.Binary("labels", "INT64", [0], []);
            message.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = "labels", Datatype = "INT64", Shape = { 0 } });
        }
        foreach (var output in (string[])["loss", "losses", "gradient"])
        {
            form.Output(output);
            binary.Output(output, binary: true);
            message.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = output });
        }
        foreach (var posted in (WireForm[])[form, binary])
        {
            var reply = await _oip.InferAsync(name, posted);
            Assert.True(reply.Status == 200, reply.Text);
            Assert.Equal(0, reply.Json.GetProperty("parameters").GetProperty("total_samples").GetInt32());
            Assert.Equal(double.NaN, Assert.Single(reply.Numbers("loss")));
            Assert.Empty(reply.Numbers("losses"));
            Assert.Empty(reply.Numbers("gradient"));
        }
        var answer = await _oip.CallAsync(message);
        Assert.Equal(0, answer.Parameters["total_samples"].Int64Param);
        Assert.Equal([0, 3], answer.Outputs[2].Shape);
    }

    private static void AssertEmpty(Loss loss, Answer answer, string body)
    {
        Assert.True(answer.Status == 200, $"{body}: {answer.Text}");
        var scores = JsonNode.Parse(answer.Text)!;
        Assert.Null(scores["loss"]);
        foreach (var output in loss.Outputs.Where(output => output.IsTensor)) Assert.Empty(scores[output.Name]!.AsArray());
        Assert.Equal("""{"samples":0,"weight":0,"loss":0}""", scores["totals"]!.ToJsonString());
        if (LossTheories.HasMetrics(loss)) Assert.Null(scores["metrics"]!["accuracy"]);
    }
}
