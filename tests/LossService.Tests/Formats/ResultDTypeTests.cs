using System.Text.Json;
using Google.Protobuf;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Formats.OpenInference.Grpc;
using LossService.Tests.Formats.Json;
using LossService.Tests.Formats.OpenInference;
using LossService.Tests.Shared;
using LossService.Tests.Support;

namespace LossService.Tests.Formats;

/// <summary>Where predictions are bytes, <c>dtype</c> chooses the results' type: rounded from the same numbers, whatever it is.</summary>
public sealed class ResultDTypeTests(TestService service)
{
    // probabilities too, exact in every float dtype
    private static readonly double[] Predictions = [0.75, 0.25, 0.5, 0.5];

    private static readonly string[] DTypes = ["float16", "bfloat16", "float32", "float64"];

    private readonly OipClient _oip = new(service);

    [Theory, MemberData(nameof(LossTheories.Every), MemberType = typeof(LossTheories))]
    public async Task Base64_WithDType_HasResultsOfIt(string name)
    {
        var wide = await ScoreAsync(name, "float64", null);
        foreach (var posted in DTypes)
        {
            foreach (var (dtype, tolerance) in ((string, double)[])[("float32", 1e-6), ("float64", 1e-14)])
            {
                var scores = await ScoreAsync(name, posted, dtype);
                foreach (var output in (string[])["losses", "gradient", "probabilities"])
                {
                    Assert.Equal(dtype, scores.GetProperty(output).GetProperty("dtype").GetString());
                    var expected = Elements.Read("FP64", wide.GetProperty(output).GetProperty("data").GetBytesFromBase64());
                    var actual = Elements.Read(dtype == "float32" ? "FP32" : "FP64",
                        scores.GetProperty(output).GetProperty("data").GetBytesFromBase64());
                    Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, tolerance));
                }
            }
            Assert.Equal(posted, (await ScoreAsync(name, posted, null)).GetProperty("losses").GetProperty("dtype").GetString());
        }
    }

    /// <summary>What float16 cannot hold: a loss of 131008, and a gradient of 1e-9.</summary>
    [Fact]
    public async Task HalfPredictions_WithDTypeFloat32_LoseNothing()
    {
        var logits = EncodedTensor.Of("float16", [2, 2], Convert.ToBase64String(Elements.Bytes("FP16", [65504, -65504, 20, 0])));
        var answer = await service.PostAsync("/v1/losses/cross_entropy",
            $$"""{"logits":{{logits}},"labels":[1,0],"dtype":"float32","outputs":["losses","gradient"]}""");
        Assert.Contains("\"losses\":[131008,2.0611537e-9]", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenInference_WithDType_HasResultsOfIt()
    {
        foreach (var (word, datatype) in ((string, string)[])[("float32", "FP32"), ("float64", "FP64")])
        {
            var form = new WireForm().Binary("logits", "BF16", [2, 2], Elements.Bytes("BF16", Predictions))
                .Json("labels", "INT64", [2], "[0,1]").Parameter("dtype", $"\"{word}\"").Output("gradient");
            var reply = await _oip.InferAsync("cross_entropy", form);
            Assert.True(reply.Status == 200, reply.Text);
            Assert.Equal(datatype, reply.Json.GetProperty("outputs")[0].GetProperty("datatype").GetString());
            Assert.Equal(-0.1887703343990727, reply.Numbers("gradient")[0], 1e-7);

            var message = new ModelInferRequest { ModelName = "cross_entropy", Parameters = { ["dtype"] = new() { StringParam = word } } };
            message.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = "logits", Datatype = "FP16", Shape = { 2, 2 } });
            message.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = "labels", Datatype = "INT64", Shape = { 2 } });
            message.RawInputContents.Add(ByteString.CopyFrom(Elements.Bytes("FP16", Predictions)));
            message.RawInputContents.Add(ByteString.CopyFrom(Elements.Bytes("INT64", [0, 1])));
            message.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "losses" });
            Assert.Equal(datatype, (await _oip.CallAsync(message)).Outputs[0].Datatype);
        }
    }

    private async Task<JsonElement> ScoreAsync(string name, string posted, string? dtype)
    {
        var loss = LossCatalogue.Find(name)!;
        var bytes = posted == "bfloat16" ? Elements.Bytes("BF16", Predictions)
            : Elements.Bytes(posted.Replace("float", "FP", StringComparison.Ordinal), Predictions);
        var predictions = EncodedTensor.Of(posted, [2, 2], Convert.ToBase64String(bytes));
        var labels = loss.Labels == LabelRule.None ? "" : ",\"labels\":" + (loss.Kind == LossKind.Binary ? "[[1,0],[0,1]]" : "[0,1]");
        var choice = dtype is null ? "" : $",\"dtype\":\"{dtype}\"";
        var answer = await service.PostAsync($"/v1/losses/{name}", $$"""
            {"{{loss.Accepts[0].Name()}}":{{predictions}}{{labels}}{{choice}},"tensor_encoding":"base64","outputs":["losses","gradient","probabilities"]}
            """);
        Assert.True(answer.Status == 200, answer.Text);
        return JsonDocument.Parse(answer.Text).RootElement;
    }
}
