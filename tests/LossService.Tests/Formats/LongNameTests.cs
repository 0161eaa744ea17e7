using System.Text;
using Grpc.Core;
using LossService.Formats.OpenInference.Grpc;
using LossService.Tests.Formats.OpenInference;
using LossService.Tests.Support;

namespace LossService.Tests.Formats;

/// <summary>A client's own words come back in at most 40 characters, whatever the format and wherever they stand.</summary>
public sealed class LongNameTests(TestService service)
{
    private const string Native = "/v1/losses/cross_entropy";
    private const string Infer = "/v2/models/cross_entropy/infer";
    private const string Logits = """{"name": "logits", "shape": [1, 3], "datatype": "FP32", "data": [2, 1, 0.1]}""";

    private static readonly string Long = string.Concat(Enumerable.Repeat("long/", 200_000));

    [Theory]
    [InlineData(Native, """{"logits": [[2, 1]], "labels": [0], "LONG": 1}""")]
    [InlineData(Native, """{"logits": [[2, 1]], "labels": [0], "LONG": [1], "LONG": [1]}""")]
    [InlineData(Native, """{"logits": [[2, 1]], "labels": [0], "reduction": "LONG"}""")]
    [InlineData(Native, """{"logits": [[2, 1]], "labels": [0], "outputs": ["LONG"]}""")]
    [InlineData(Native, """{"logits": [["LONG", 1]], "labels": [0]}""")]
    [InlineData(Native, """{"logits": [[2, 1]], "labels": [0], "label_smoothing": "LONG"}""")]
    [InlineData(Native, """{"logits": {"dtype": "LONG", "shape": [1, 2], "data": ""}, "labels": [0]}""")]
    [InlineData(Native, """{"logits": {"dtype": "float32", "shape": [1, 2], "data": "LONG!"}, "labels": [0]}""")]
    [InlineData(Native, """{"logits": {"LONG": "float32", "shape": ["LONG", 2], "data": ""}, "labels": [0]}""")]
    [InlineData(Infer, """{"inputs": [{"name": "LONG", "shape": [1, 3], "datatype": "FP32", "data": [2, 1, 0.1]}]}""")]
    [InlineData(Infer, """{"inputs": [{"name": "logits", "shape": [1, 3], "datatype": "LONG", "data": [2, 1, 0.1]}]}""")]
    [InlineData(Infer, """{"inputs": [{"name": "logits", "shape": ["LONG"], "datatype": "FP32", "data": [2, 1, 0.1]}]}""")]
    [InlineData(Infer, """{"inputs": [{"name": "LONG", "shape": [1], "datatype": "FP32", "parameters": {"binary_data_size": 4}}]}""")]
    [InlineData(Infer, """{"inputs": [{"name": "logits", "LONG": [1, 3], "parameters": {"LONG": 1}}]}""")]
    [InlineData(Infer, """{"inputs": [LOGITS], "parameters": {"LONG": 1, "reduction": "LONG", "temperature": "LONG"}}""")]
    [InlineData(Infer, """{"inputs": [LOGITS], "parameters": {"LONG": 1, "LONG": null, "timeout": "LONG"}}""")]
    [InlineData(Infer, """{"inputs": [LOGITS], "outputs": [{"name": "LONG", "parameters": {"LONG": 1}}]}""")]
    [InlineData(Infer, """{"inputs": [LOGITS, "LONG"], "outputs": "LONG"}""")]
    public async Task Json_WithALongName_IsRefusedInFewWords(string path, string template)
    {
        var body = template.Replace("LOGITS", Logits, StringComparison.Ordinal).Replace("LONG", Long, StringComparison.Ordinal);
        var answer = await service.PostAsync(path, body);
        Assert.Equal(422, answer.Status);
        AssertShort(answer.Text);

        if (path != Native) return;
        var lines = await service.PostAsync(path, Encoding.UTF8.GetBytes(body + "\n"), "application/x-ndjson");
        AssertShort(lines.Text);
    }

    [Theory]
    [InlineData("model")]
    [InlineData("version")]
    [InlineData("input")]
    [InlineData("datatype")]
    [InlineData("output")]
    [InlineData("parameter")]
    [InlineData("value")]
    [InlineData("input parameter")]
    [InlineData("output parameter")]
    public async Task Message_WithALongName_IsRefusedInFewWords(string place)
    {
        var request = new ModelInferRequest
        {
            ModelName = place == "model" ? Long : "cross_entropy",
            ModelVersion = place == "version" ? Long : "",
            Inputs =
            {
                new ModelInferRequest.Types.InferInputTensor
                {
                    Name = place == "input" ? Long : "logits",
                    Datatype = place == "datatype" ? Long : "FP32",
                    Shape = { 1, 3 },
                    Contents = new() { Fp32Contents = { 2, 1, 0.5f } },
                },
            },
            Outputs = { new ModelInferRequest.Types.InferRequestedOutputTensor { Name = place == "output" ? Long : "loss" } },
        };
        if (place == "parameter") request.Parameters[Long] = new() { Int64Param = 1 };
        if (place == "value") request.Parameters["temperature"] = new() { StringParam = Long };
        if (place == "input parameter") request.Inputs[0].Parameters[Long] = new() { Int64Param = 1 };
        if (place == "output parameter") request.Outputs[0].Parameters[Long] = new() { Int64Param = 1 };

        var refusal = await Assert.ThrowsAsync<RpcException>(() => new OipClient(service).CallAsync(request));

        Assert.Contains(refusal.StatusCode, (StatusCode[])[StatusCode.InvalidArgument, StatusCode.NotFound]);
        AssertShort(refusal.Status.Detail);
    }

    private static void AssertShort(string text)
    {
        Assert.True(text.Length < 4096, $"{text.Length} characters: {text[..Math.Min(text.Length, 400)]}");
        Assert.DoesNotContain(Long[..41], text, StringComparison.Ordinal);
    }
}
