using Google.Protobuf;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1Alpha;
using LossService.Core.Losses;
using LossService.Formats.OpenInference.Grpc;
using LossService.Problems;
using LossService.Tests.Support;
using Tensor = LossService.Formats.OpenInference.Grpc.ModelInferRequest.Types.InferInputTensor;

namespace LossService.Tests.Formats.OpenInference.Grpc;

/// <summary>The protocol over gRPC: metadata, health, reflection, and everything that a message can have wrong.</summary>
public sealed class GrpcTests(TestService service)
{
    private readonly OipClient _oip = new(service);

    private static ModelInferRequest Good => new()
    {
        ModelName = "cross_entropy",
        Inputs =
        {
            new Tensor { Name = "logits", Datatype = "FP32", Shape = { 2, 3 },
                Contents = new() { Fp32Contents = { 2, 1, 0.5f, 0.25f, 2.25f, 0.5f } } },
            new Tensor { Name = "labels", Datatype = "INT64", Shape = { 2 }, Contents = new() { Int64Contents = { 0, 1 } } },
        },
    };

    private static ModelInferRequest Raw => new()
    {
        ModelName = "cross_entropy",
        Inputs = { new Tensor { Name = "logits", Datatype = "FP32", Shape = { 2, 3 } },
            new Tensor { Name = "labels", Datatype = "INT64", Shape = { 2 } } },
        RawInputContents = { Bytes("FP32", 2, 1, 0.5, 0.25, 2.25, 0.5), Bytes("INT64", 0, 1) },
    };

    private static readonly Dictionary<string, (ModelInferRequest Request, string Words)> Cases = new()
    {
        ["class out of range"] = (With(Good, request => request.Inputs[1].Contents.Int64Contents[1] = 3),
            "labels[1]: class index 3 is outside 0..2"),
        ["raw class out of range"] = (With(Raw, request => request.RawInputContents[1] = Bytes("INT64", 0, -1)),
            "labels[1]: class index -1 is outside 0..2"),
        ["raw and typed"] = (With(Raw, request => request.Inputs[1].Contents = new() { Int64Contents = { 0, 1 } }),
            "labels has contents, but the request has raw_input_contents"),
        ["too few raw contents"] = (With(Raw, request => request.RawInputContents.RemoveAt(1)), "1 raw_input_contents for 2 inputs"),
        ["too many raw contents"] = (With(Raw, request => request.RawInputContents.Add(ByteString.Empty)),
            "3 raw_input_contents for 2 inputs"),
        ["truncated raw contents"] = (With(Raw, request => request.RawInputContents[1] = ByteString.CopyFrom(0, 0, 0)),
            "labels has 3 bytes, but [2] of INT64 takes 16"),
        ["no contents"] = (With(Good, request => request.Inputs[1].Contents = null),
            "labels is INT64, whose elements belong in int64_contents; got none"),
        ["another list"] = (With(Good, request => request.Inputs[1].Contents = new() { IntContents = { 0, 1 } }),
            "whose elements belong in int64_contents; got int_contents"),
        ["two lists"] = (With(Good, request => request.Inputs[1].Contents.IntContents.Add(1)), "got several lists"),
        ["too few elements"] = (With(Good, request => request.Inputs[1].Contents.Int64Contents.RemoveAt(0)),
            "labels has 1 elements, but the shape [2] has 2"),
        ["FP16 typed"] = (With(Good, request => request.Inputs[0].Datatype = "FP16"), "logits is FP16, which has no typed contents"),
        ["integer too large for its datatype"] = (With(Good, request => (request.Inputs[1].Datatype, request.Inputs[1].Contents) = ("INT8",
            new() { IntContents = { 0, 128 } })), "labels[1]: 128 is not INT8"),
        ["unknown datatype"] = (With(Good, request => request.Inputs[1].Datatype = "BYTES"), "labels has the unknown datatype \"BYTES\""),
        ["unknown input"] = (With(Good, request => request.Inputs[1].Name = "label"), "did you mean \"labels\"?"),
        ["duplicate input"] = (With(Good, request => request.Inputs.Add(request.Inputs[1])), "duplicate input \"labels\""),
        ["negative axis"] = (With(Good, request => request.Inputs[1].Shape[0] = -2), "an axis of length -2"),
        ["shape overflows"] = (With(Good, request => request.Inputs[1].Shape[0] = long.MaxValue),
            "labels has a shape that takes more than"),
        ["shared memory"] = (With(Good, request => request.Inputs[1].Parameters["shared_memory_region"] = new() { StringParam = "x" }),
            "an input has no parameter \"shared_memory_region\""),
        ["output parameter"] = (With(Good, request =>
            request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor
            {
                Name = "loss",
                Parameters = { ["classification"] = new() { Int64Param = 1 } }
            })), "an output has no parameter \"classification\""),
        ["unknown output"] = (With(Good, request =>
            request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "grad" })), "unknown output \"grad\""),
        ["another size"] = (With(Raw, request => request.Inputs[0].Parameters["binary_data_size"] = new() { Int64Param = 12 }),
            "logits has a binary_data_size of 12, but 24 bytes of raw_input_contents"),
        ["size without raw contents"] = (With(Good, request =>
            request.Inputs[0].Parameters["binary_data_size"] = new() { Int64Param = 24 }),
            "logits has a binary_data_size, but no raw_input_contents"),
        ["unknown parameter"] = (With(Good, request => request.Parameters["temprature"] = new() { DoubleParam = 2 }),
            "did you mean \"temperature\"?"),
        ["parameter out of range"] = (With(Good, request => request.Parameters["temperature"] = new() { Int64Param = -1 }),
            "expected a number from 1e-20 to 1e20, got -1"),
        ["parameter that is no number"] = (With(Good, request => request.Parameters["temperature"] = new() { DoubleParam = double.NaN }),
            "got NaN"),
        ["unknown parameter without a value"] = (With(Good, request => request.Parameters["temprature"] = new()),
            "did you mean \"temperature\"?"),
        ["largest UINT64"] = (With(Good, request => request.Parameters["bins"] = new() { Uint64Param = ulong.MaxValue }),
            "got 18446744073709551615"),
        ["largest UINT64 label"] = (With(Good, request =>
        {
            request.Inputs[1].Datatype = "UINT64";
            request.Inputs[1].Contents = new() { Uint64Contents = { 0, ulong.MaxValue } };
        }), "class index 18446744073709551615 is outside 0..2"),
        ["parameter of another type"] = (With(Good, request => request.Parameters["temperature"] = new() { BoolParam = true }), "got true"),
        ["unknown reduction"] = (With(Good, request => request.Parameters["reduction"] = new() { StringParam = "max" }),
            "expected \"mean\" or \"sum\" or \"none\""),
    };

    /// <summary>The names of the cases.</summary>
    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory, MemberData(nameof(Names))]
    public async Task Infer_OfNoBatch_IsInvalidArgumentInTheProblemsWords(string name)
    {
        var refusal = await Assert.ThrowsAsync<RpcException>(() => _oip.CallAsync(Cases[name].Request));
        Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
        Assert.Contains(Cases[name].Words, refusal.Status.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("crossentropy", "", "did you mean \"cross_entropy\"?")]
    [InlineData("cross_entropy", "2", "its only version is 1")]
    public async Task Infer_OfNoModel_IsNotFound(string model, string version, string words)
    {
        var refusal = await Assert.ThrowsAsync<RpcException>(() => _oip.CallAsync(new() { ModelName = model, ModelVersion = version }));
        Assert.Equal(StatusCode.NotFound, refusal.StatusCode);
        Assert.Contains(words, refusal.Status.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("gzip")] // of zeros, so that only what it unpacks to is over the limit
    public async Task Infer_OverTheLimit_IsResourceExhaustedInTheProblemsWords(string? coding)
    {
        using var small = new TestService(settings => settings.UseSetting("Limits:BodyBytes", "2048"));
        var request = With(Raw, request => request.RawInputContents[0] = ByteString.CopyFrom(new byte[4096]));
        var refusal = await Assert.ThrowsAsync<RpcException>(() => new OipClient(small).CallAsync(request, coding));
        Assert.Equal((StatusCode.ResourceExhausted, ProblemTypes.PayloadTooLarge(2048).Detail),
            (refusal.StatusCode, refusal.Status.Detail));
    }

    [Fact]
    public async Task Infer_RawOrTyped_IsAnsweredAlike()
    {
        var typed = await _oip.CallAsync(Good);
        var raw = await _oip.CallAsync(Raw);
        Assert.Empty(typed.RawOutputContents);
        Assert.Null(Assert.Single(raw.Outputs).Contents);
        Assert.Equal(typed.Outputs[0].Contents.Fp64Contents, Elements.Read("FP64", raw.RawOutputContents[0].Span));
        Assert.NotEmpty(typed.Id);
        Assert.Equal("mine", (await _oip.CallAsync(With(Good, request => request.Id = "mine"))).Id);
    }

    [Fact]
    public async Task Parameters_OfEveryType_AreThoseOfHttp()
    {
        var request = With(Good, request =>
        {
            request.Parameters["label_smoothing"] = new() { DoubleParam = 0.1 };
            request.Parameters["temperature"] = new() { Int64Param = 2 };
            request.Parameters["class_weight"] = new() { StringParam = "[1, 2, 4]" };
            request.Parameters["ignore_index"] = new() { Uint64Param = 2 };
            request.Parameters["reduction"] = new() { StringParam = "sum" };
        });
        var form = new WireForm().Json("logits", "FP32", [2, 3], "[2,1,0.5,0.25,2.25,0.5]").Json("labels", "INT64", [2], "[0,1]")
            .Parameter("label_smoothing", "0.1").Parameter("temperature", "2").Parameter("class_weight",
                "[1,2,4]").Parameter("ignore_index", "2").Parameter("reduction", "\"sum\"");
        Assert.Equal((await _oip.InferAsync("cross_entropy", form)).Numbers("loss"),
            (await _oip.CallAsync(request)).Outputs[0].Contents.Fp64Contents);
    }

    [Fact]
    public async Task Pages_SayWhatHttpSays()
    {
        Assert.True((await _oip.CallAsync<ServerLiveRequest, ServerLiveResponse>("ServerLive", new())).Live);
        Assert.True((await _oip.CallAsync<ServerReadyRequest, ServerReadyResponse>("ServerReady", new())).Ready);
        Assert.True((await _oip.CallAsync<ModelReadyRequest,
            ModelReadyResponse>("ModelReady", new() { Name = "cross_entropy", Version = "1" })).Ready);
        Assert.Equal("LossService", (await _oip.CallAsync<ServerMetadataRequest, ServerMetadataResponse>("ServerMetadata", new())).Name);
        foreach (var loss in LossCatalogue.All)
        {
            var model = await _oip.CallAsync<ModelMetadataRequest, ModelMetadataResponse>("ModelMetadata", new() { Name = loss.Name });
            var page = (await _oip.GetAsync($"/v2/models/{loss.Name}")).Json;
            Assert.Equal(page.GetProperty("inputs").EnumerateArray().Select(input => input.GetProperty("name").GetString()), model.Inputs
                .Select(input => input.Name));
            Assert.Equal(page.GetProperty("outputs").EnumerateArray().Select(output => output.GetProperty("datatype").GetString()),
                model.Outputs.Select(output => output.Datatype));
        }
    }

    [Fact]
    public async Task Health_OfTheServerAndTheService_IsServing()
    {
        var health = new Health.HealthClient(service.Channel);
        foreach (var service in (string[])["", "inference.GRPCInferenceService"])
        {
            var reply = await health.CheckAsync(new() { Service = service }, cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, reply.Status);
        }
    }

    [Fact]
    public async Task Reflection_ListsTheService()
    {
        using var call =
            new ServerReflection.ServerReflectionClient(service.Channel).ServerReflectionInfo(
            cancellationToken: TestContext.Current.CancellationToken);
        await call.RequestStream.WriteAsync(new() { ListServices = "" }, TestContext.Current.CancellationToken);
        await call.RequestStream.CompleteAsync();
        Assert.True(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        Assert.Contains("inference.GRPCInferenceService", call.ResponseStream.Current.ListServicesResponse.Service
            .Select(service => service.Name));
    }

    [Fact]
    public void Messages_HaveTheProtocolsFieldNumbers()
    {
        Assert.Equal("model_name=1 model_version=2 id=3 parameters=4 inputs=5 outputs=6 raw_input_contents=7",
            Fields(ModelInferRequest.Descriptor));
        Assert.Equal("name=1 datatype=2 shape=3 parameters=4 contents=5", Fields(Tensor.Descriptor));
        Assert.Equal("name=1 parameters=2", Fields(ModelInferRequest.Types.InferRequestedOutputTensor.Descriptor));
        Assert.Equal("model_name=1 model_version=2 id=3 parameters=4 outputs=5 raw_output_contents=6",
            Fields(ModelInferResponse.Descriptor));
        Assert.Equal("name=1 datatype=2 shape=3 parameters=4 contents=5", Fields(ModelInferResponse.Types.InferOutputTensor.Descriptor));
        Assert.Equal("bool_param=1 int64_param=2 string_param=3 double_param=4 uint64_param=5", Fields(InferParameter.Descriptor));
        Assert.Equal(
            "bool_contents=1 int_contents=2 int64_contents=3 uint_contents=4 uint64_contents=5 fp32_contents=6 fp64_contents=7 "
                + "bytes_contents=8",
            Fields(InferTensorContents.Descriptor));
    }

    private static string Fields(Google.Protobuf.Reflection.MessageDescriptor message) =>
        string.Join(' ', message.Fields.InFieldNumberOrder().Select(field => $"{field.Name}={field.FieldNumber}"));

    private static ByteString Bytes(string datatype, params double[] numbers) => ByteString.CopyFrom(Elements.Bytes(datatype, numbers));

    private static ModelInferRequest With(ModelInferRequest request, Action<ModelInferRequest> change)
    {
        change(request);
        return request;
    }
}
