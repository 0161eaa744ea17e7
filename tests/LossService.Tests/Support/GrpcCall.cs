using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using LossService.Formats.OpenInference.Grpc;
using Tensor = LossService.Formats.OpenInference.Grpc.ModelInferRequest.Types.InferInputTensor;

namespace LossService.Tests.Support;

/// <summary>A call of the inference service with headers of the test's choice.</summary>
internal static class GrpcCall
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(bytes => bytes, bytes => bytes);

    /// <summary>Scores a batch of one row; throws what the client is told.</summary>
    public static Task<byte[]> InferAsync(GrpcChannel channel, params (string Name, string Value)[] headers) => CallAsync(
        channel, "ModelInfer", new ModelInferRequest
        {
            ModelName = "cross_entropy",
            Inputs =
            {
                new Tensor { Name = "logits", Datatype = "FP32", Shape = { 1, 2 }, Contents = new() { Fp32Contents = { 2, 1 } } },
                new Tensor { Name = "labels", Datatype = "INT64", Shape = { 1 }, Contents = new() { Int64Contents = { 0 } } },
            },
        }, headers);

    /// <summary>Calls a method.</summary>
    public static async Task<byte[]> CallAsync(
        GrpcChannel channel, string name, IMessage request, params (string Name, string Value)[] headers)
    {
        var invoker = channel.Intercept(metadata =>
        {
            foreach (var (header, value) in headers) metadata.Add(header, value);
            return metadata;
        });
        return await invoker.AsyncUnaryCall(
            new Method<byte[], byte[]>(MethodType.Unary, "inference.GRPCInferenceService", name, Bytes, Bytes), null,
            new(cancellationToken: TestContext.Current.CancellationToken), request.ToByteArray());
    }
}
