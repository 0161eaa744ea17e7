using Google.Protobuf;
using Grpc.Core;
using LossService.Core.Losses;
using LossService.Formats.OpenInference.Grpc;
using LossService.Tests.Support;
using Tensor = LossService.Formats.OpenInference.Grpc.ModelInferRequest.Types.InferInputTensor;
using Wanted = LossService.Formats.OpenInference.Grpc.ModelInferRequest.Types.InferRequestedOutputTensor;

namespace LossService.Tests.Formats.OpenInference.Grpc;

/// <summary>What Triton's and KServe's clients send and ask for over gRPC.</summary>
public sealed class GrpcTritonTests(TestService service)
{
    private readonly OipClient _oip = new(service);

    private static ModelInferRequest Raw => new()
    {
        ModelName = "cross_entropy",
        Inputs =
        {
            new Tensor { Name = "logits", Datatype = "FP32", Shape = { 2, 3 }, Parameters = { ["binary_data_size"] = Integer(24) } },
            new Tensor { Name = "labels", Datatype = "INT64", Shape = { 2 }, Parameters = { ["binary_data_size"] = Integer(16) } },
        },
        RawInputContents =
        {
            ByteString.CopyFrom(Elements.Bytes("FP32", [2, 1, 0.5, 0.25, 2.25, 0.5])),
            ByteString.CopyFrom(Elements.Bytes("INT64", [0, 1])),
        },
    };

    [Fact]
    public async Task Inputs_WithTheirSizeBesideRawContents_Score() =>
        Assert.Equal(8, (await _oip.CallAsync(Raw)).RawOutputContents.Single().Length);

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(null, true)]
    public async Task Outputs_AskedForAsBytesOrNot_AreSo(bool? isBinary, bool isRaw)
    {
        foreach (var isOfTheRequest in (bool[])[true, false])
        {
            var request = Raw;
            request.Outputs.Add(new Wanted { Name = "loss" });
            var parameters = isOfTheRequest ? request.Parameters : request.Outputs[0].Parameters;
            if (isBinary is { } flag) parameters[isOfTheRequest ? "binary_data_output" : "binary_data"] = new() { BoolParam = flag };
            var response = await _oip.CallAsync(request);
            Assert.Equal(isRaw, response.RawOutputContents.Count > 0);
            Assert.Equal(!isRaw, response.Outputs[0].Contents is not null);
        }
    }

    [Fact]
    public async Task Outputs_OfBothForms_AreRefused()
    {
        var request = Raw;
        request.Outputs.Add(new Wanted { Name = "loss", Parameters = { ["binary_data"] = new() { BoolParam = true } } });
        request.Outputs.Add(new Wanted { Name = "losses", Parameters = { ["binary_data"] = new() { BoolParam = false } } });
        await RefusesAsync(request, StatusCode.InvalidArgument, "binary_data differs among the outputs");
    }

    [Fact]
    public async Task Output_OfHalfPrecision_CannotBeTyped()
    {
        var request = Raw;
        request.Inputs[0].Datatype = "FP16";
        request.Inputs[0].Parameters["binary_data_size"] = Integer(12);
        request.RawInputContents[0] = ByteString.CopyFrom(Elements.Bytes("FP16", [2, 1, 0.5, 0.25, 2.25, 0.5]));
        request.Outputs.Add(new Wanted { Name = "gradient" });
        Assert.Equal(12, (await _oip.CallAsync(request)).RawOutputContents.Single().Length);
        request.Parameters["binary_data_output"] = new() { BoolParam = false };
        await RefusesAsync(request, StatusCode.InvalidArgument, "gradient is FP16 here");
    }

    [Fact]
    public async Task Parameters_AsStringsOfNumbers_CountAsThem()
    {
        var (number, text) = (Raw, Raw);
        number.Parameters["label_smoothing"] = new() { DoubleParam = 0.1 };
        text.Parameters["label_smoothing"] = new() { StringParam = "0.1" };
        Assert.Equal((await _oip.CallAsync(number)).RawOutputContents, (await _oip.CallAsync(text)).RawOutputContents);
    }

    [Fact]
    public async Task Parameters_ForAScheduler_ArePassedOver()
    {
        var request = Raw;
        request.Parameters["priority"] = new() { Uint64Param = 1 };
        request.Parameters["sequence_id"] = new() { StringParam = "a" };
        request.Parameters["sequence_start"] = new() { BoolParam = true };
        request.Parameters["timeout"] = Integer(10_000_000);
        Assert.Equal((await _oip.CallAsync(Raw)).RawOutputContents, (await _oip.CallAsync(request)).RawOutputContents);
    }

    [Fact]
    public async Task Timeout_TooShort_IsDeadlineExceeded()
    {
        const int Rows = 20_000;
        var request = new ModelInferRequest
        {
            ModelName = "cross_entropy",
            Parameters = { ["timeout"] = Integer(1) },
            Inputs =
            {
                new Tensor { Name = "logits", Datatype = "FP32", Shape = { Rows, 10 } },
                new Tensor { Name = "labels", Datatype = "INT64", Shape = { Rows } },
            },
            Outputs = { new Wanted { Name = "accuracy" } },
            RawInputContents = { ByteString.CopyFrom(new byte[Rows * 40]), ByteString.CopyFrom(new byte[Rows * 8]) },
        };
        await RefusesAsync(request, StatusCode.DeadlineExceeded, "timeout of 1 µs");
    }

    [Fact]
    public async Task Config_OfEveryModel_IsThatOfHttp()
    {
        foreach (var loss in LossCatalogue.All)
        {
            var config = (await _oip.CallAsync<ModelConfigRequest, ModelConfigResponse>("ModelConfig", new() { Name = loss.Name })).Config;
            var page = (await _oip.GetAsync($"/v2/models/{loss.Name}/config")).Json;
            Assert.Equal(
                page.GetProperty("input").EnumerateArray().Select(input => (input.GetProperty("name").GetString()!,
                    input.GetProperty("data_type").GetString()!.Replace("_", "", StringComparison.Ordinal).ToUpperInvariant(),
                    input.GetProperty("optional").GetBoolean())),
                config.Input.Select(input => (input.Name, $"{input.DataType}".ToUpperInvariant(), input.Optional)));
            Assert.Equal(page.GetProperty("output").EnumerateArray().Select(output => output.GetProperty("name").GetString()),
                config.Output.Select(output => output.Name));
        }
    }

    [Fact]
    public async Task StatisticsAndIndex_ListEveryModel()
    {
        var statistics = await _oip.CallAsync<ModelStatisticsRequest, ModelStatisticsResponse>("ModelStatistics", new());
        Assert.Equal(LossCatalogue.All.Select(loss => loss.Name), statistics.ModelStats.Select(model => model.Name));
        var index = await _oip.CallAsync<RepositoryIndexRequest, RepositoryIndexResponse>("RepositoryIndex", new() { Ready = true });
        Assert.Equal(LossCatalogue.All.Select(loss => (loss.Name, "READY")), index.Models.Select(model => (model.Name, model.State)));
        await _oip.CallAsync(Raw);
        var one = await _oip.CallAsync<ModelStatisticsRequest, ModelStatisticsResponse>(
            "ModelStatistics", new() { Name = "cross_entropy" });
        Assert.True(one.ModelStats.Single().InferenceStats.Success.Count > 0);
    }

    [Theory]
    [InlineData("ModelStreamInfer")]
    [InlineData("SystemSharedMemoryStatus")]
    [InlineData("RepositoryModelLoad")]
    public async Task Method_ThatIsNotServed_IsUnimplementedWithWords(string name)
    {
        var refusal = await Assert.ThrowsAsync<RpcException>(() => _oip.CallAsync<ServerLiveRequest, ServerLiveResponse>(name, new()));
        Assert.Equal(StatusCode.Unimplemented, refusal.StatusCode);
        Assert.StartsWith($"{name} is not served", refusal.Status.Detail, StringComparison.Ordinal);
    }

    private async Task RefusesAsync(ModelInferRequest request, StatusCode code, string words)
    {
        var refusal = await Assert.ThrowsAsync<RpcException>(() => _oip.CallAsync(request));
        Assert.Equal(code, refusal.StatusCode);
        Assert.Contains(words, refusal.Status.Detail, StringComparison.Ordinal);
    }

    private static InferParameter Integer(long value) => new() { Int64Param = value };
}
