using Google.Protobuf;
using LossService.Formats.OpenInference.Grpc;
using LossService.Tests.Formats.Json;
using LossService.Tests.Formats.OpenInference;
using LossService.Tests.Support;

namespace LossService.Tests.Formats;

/// <summary>The weight of a masked sample is not read, in any format.</summary>
public sealed class MaskedWeightTests(TestService service)
{
    private static readonly double[] Weights = [1, double.NaN];

    private readonly OipClient _oip = new(service);

    [Theory]
    [InlineData("""[1,"NaN"]""")]
    [InlineData("""[1,"Infinity"]""")]
    [InlineData("[1,-1]")]
    public async Task Json_IsScored(string weights)
    {
        foreach (var mask in (string[])["[true,false]", "[1,0]"])
        {
            var body = $$"""{"logits":[[2,1],[1,3]],"labels":[0,0],"mask":{{mask}},"sample_weight":{{weights}},"outputs":["loss","gradient"]}""";
            var expected = await service.PostAsync("/v1/losses/cross_entropy", body.Replace(weights, "[1,1]", StringComparison.Ordinal));
            var answer = await service.PostAsync("/v1/losses/cross_entropy", body);
            Assert.Equal((200, expected.Text), (answer.Status, answer.Text));
            var line = await service.PostAsync(
                "/v1/losses/cross_entropy", System.Text.Encoding.UTF8.GetBytes(body + "\n"), "application/x-ndjson");
            Assert.Contains(expected.Text[1..], line.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Base64_IsScored()
    {
        var answer = await service.PostAsync("/v1/losses/cross_entropy", $$"""
            {"logits":[[2,1],[1,3]],"labels":[0,0],"mask":[true,false],"sample_weight":{{EncodedTensor.Of<double>("float64", [2], Weights)}}}
            """);
        Assert.True(answer.Status == 200, answer.Text);
    }

    [Fact]
    public async Task BinaryRows_AreScored()
    {
        var answer = await service.PostAsync("/v1/losses/binary_cross_entropy",
            """{"logits":[[2,1],[1,3]],"labels":[[0,0],[1,1]],"mask":[true,false],"sample_weight":[1,"NaN"],"outputs":["loss","metrics"]}""");
        Assert.True(answer.Status == 200, answer.Text);
        (await service.PostAsync("/v1/losses/binary_cross_entropy",
            """{"logits":[[2,1],[1,3]],"labels":[[0,0],[1,1]],"mask":[[true,true],[false,true]],"sample_weight":[1,"NaN"]}"""))
            .IsInvalidBatch("#/sample_weight/1", "expected a finite number, got NaN");
    }

    [Fact]
    public async Task OpenInference_IsScored()
    {
        foreach (var form in (WireForm[])
        [
            Form.Json("sample_weight", "FP32", [2], """[1,"NaN"]"""),
            Form.Binary("sample_weight", "FP32", [2], Elements.Bytes("FP32", Weights)),
        ])
        {
            var reply = await _oip.InferAsync("cross_entropy", form);
            Assert.True(reply.Status == 200, reply.Text);
        }
        var message = new ModelInferRequest { ModelName = "cross_entropy" };
        foreach (var (name, datatype, numbers) in ((string, string, double[])[])
            [("logits", "FP64", [2, 1, 1, 3]), ("labels", "INT64", [0, 0]), ("mask", "BOOL", [1, 0]), ("sample_weight", "FP64", Weights)])
        {
            message.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = name, Datatype = datatype, Shape = { 2 } });
            if (name == "logits") message.Inputs[0].Shape.Add(2);
            message.RawInputContents.Add(ByteString.CopyFrom(Elements.Bytes(datatype, numbers)));
        }
        Assert.Equal(1, (await _oip.CallAsync(message)).Parameters["total_samples"].Int64Param);
    }

    private static WireForm Form => new WireForm().Json("logits", "FP32", [2, 2], "[2,1,1,3]").Json("labels", "INT64", [2], "[0,0]")
        .Json("mask", "BOOL", [2], "[true,false]");
}
