using Grpc.Core;
using LossService.Http;
using LossService.Problems;

namespace LossService.Formats.OpenInference.Grpc;

/// <summary>The Open Inference Protocol v2 over gRPC: the same models, batches and scores as over HTTP.</summary>
internal sealed class InferenceService(OipScoring scoring, Readiness readiness) : GRPCInferenceService.GRPCInferenceServiceBase
{
    /// <inheritdoc/>
    public override Task<ServerLiveResponse> ServerLive(ServerLiveRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerLiveResponse { Live = true });

    /// <inheritdoc/>
    public override Task<ServerReadyResponse> ServerReady(ServerReadyRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerReadyResponse { Ready = readiness.IsReady });

    /// <inheritdoc/>
    public override Task<ModelReadyResponse> ModelReady(ModelReadyRequest request, ServerCallContext context)
    {
        Find(request.Name, request.Version);
        return Task.FromResult(new ModelReadyResponse { Ready = readiness.IsReady });
    }

    /// <inheritdoc/>
    public override Task<ServerMetadataResponse> ServerMetadata(ServerMetadataRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerMetadataResponse { Name = OipServer.Name, Version = OipServer.Version, Extensions = { OipServer.Extensions } });

    /// <inheritdoc/>
    public override Task<ModelMetadataResponse> ModelMetadata(ModelMetadataRequest request, ServerCallContext context)
    {
        var model = Find(request.Name, request.Version);
        return Task.FromResult(new ModelMetadataResponse
        {
            Name = model.Loss.Name,
            Versions = { OipModel.Version },
            Platform = OipModel.Platform,
            Inputs = { model.Inputs.Select(Message) },
            Outputs = { model.Outputs.Select(Message) },
        });
    }

    /// <inheritdoc/>
    public override Task<ModelInferResponse> ModelInfer(ModelInferRequest request, ServerCallContext context)
    {
        var model = Find(request.ModelName, request.ModelVersion);
        using var infer = new OipRequest(model.Loss);
        InferMessages.Read(request, infer);
        var (answer, problem) = scoring.Score(infer, context.CancellationToken);
        if (answer is null) throw Refusal(problem!);
        var http = context.GetHttpContext();
        // the message is written after this returns, from the tensors' memory
        http.Response.RegisterForDispose(answer);
        return Task.FromResult(InferMessages.Write(
            answer, model.Loss.Name, infer.Batch.Id ?? http.TraceIdentifier, isRaw: request.RawInputContents.Count > 0));
    }

    private static OipModel Find(string name, string version)
    {
        var (model, problem) = OipModel.Find(name, version);
        return model ?? throw Refusal(problem!);
    }

    private static RpcException Refusal(Problem problem) => new(new Status(Code(problem), problem.Detail));

    private static StatusCode Code(Problem problem) => problem.Status switch
    {
        400 or 422 => StatusCode.InvalidArgument,
        401 => StatusCode.Unauthenticated,
        403 => StatusCode.PermissionDenied,
        404 => StatusCode.NotFound,
        413 or 429 => StatusCode.ResourceExhausted,
        503 => StatusCode.Unavailable,
        504 => StatusCode.DeadlineExceeded,
        _ => StatusCode.Internal,
    };

    private static ModelMetadataResponse.Types.TensorMetadata Message(OipTensorPage page) =>
        new() { Name = page.Name, Datatype = page.Datatype, Shape = { page.Shape } };
}
