using System.Text;
using Grpc.Core;
using Grpc.Net.Client;
using LossService.Formats.OpenInference.Grpc;
using LossService.Formats.OpenInference.Http;
using LossService.Tests.Formats.OpenInference;
using LossService.Tests.Support;
using Tensor = LossService.Formats.OpenInference.Grpc.ModelInferRequest.Types.InferInputTensor;

namespace LossService.Tests.Telemetry;

/// <summary>Posts the same batch of two samples through each way into a service.</summary>
internal sealed class Doors(ServiceProcess service, string? traceparent = null)
{
    /// <summary>The batch as JSON.</summary>
    public const string Batch = """{"logits":[[1,2],[0,1]],"labels":[0,1]}""";

    /// <summary>Posts a body to a native route.</summary>
    public Task<Answer> PostAsync(string loss, string body, string type = "application/json") =>
        SendAsync($"/v1/losses/{loss}", Encoding.UTF8.GetBytes(body), type);

    /// <summary>Posts the batch as JSON of the Open Inference Protocol.</summary>
    public Task<Answer> InferAsync(string model) => SendAsync($"/v2/models/{model}/infer", Encoding.UTF8.GetBytes("""
        {"inputs":[{"name":"logits","datatype":"FP32","shape":[2,2],"data":[1,2,0,1]},
        {"name":"labels","datatype":"INT64","shape":[2],"data":[0,1]}]}
        """), "application/json");

    /// <summary>Posts the batch with its logits as bytes.</summary>
    public Task<Answer> InferBinaryAsync(string model)
    {
        var json = Encoding.UTF8.GetBytes("""
            {"inputs":[{"name":"logits","datatype":"FP32","shape":[2,2],"parameters":{"binary_data_size":16}},
            {"name":"labels","datatype":"INT64","shape":[2],"data":[0,1]}]}
            """);
        var logits = new float[] { 1, 2, 0, 1 }.SelectMany(BitConverter.GetBytes);
        return SendAsync($"/v2/models/{model}/infer", [.. json, .. logits], "application/octet-stream",
            (OipHttp.HeaderLength, $"{json.Length}"));
    }

    /// <summary>Calls with the batch over gRPC, the labels as given.</summary>
    public async Task<StatusCode> CallAsync(string model, params long[] labels)
    {
        using var channel = GrpcChannel.ForAddress(service.GrpcAddress);
        var request = new ModelInferRequest
        {
            ModelName = model,
            Inputs =
            {
                new Tensor { Name = "logits", Datatype = "FP32", Shape = { 2, 2 },
                    Contents = new() { Fp32Contents = { 1, 2, 0, 1 } } },
                new Tensor { Name = "labels", Datatype = "INT64", Shape = { labels.Length },
                    Contents = new() { Int64Contents = { labels } } },
            },
        };
        var headers = new Metadata();
        if (traceparent is not null) headers.Add("traceparent", traceparent);
        try
        {
            await OipClient.CallAsync<ModelInferRequest, ModelInferResponse>(channel, "ModelInfer", request, headers);
            return StatusCode.OK;
        }
        catch (RpcException refused)
        {
            return refused.StatusCode;
        }
    }

    /// <summary>Asks for a page.</summary>
    public Task<Answer> GetAsync(string path) => SendAsync(new(HttpMethod.Get, path));

    private Task<Answer> SendAsync(string path, byte[] body, string type, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        foreach (var (name, value) in headers) request.Headers.Add(name, value);
        return SendAsync(request);
    }

    private Task<Answer> SendAsync(HttpRequestMessage request)
    {
        if (traceparent is not null) request.Headers.Add("traceparent", traceparent);
        return service.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
