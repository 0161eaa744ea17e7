using Grpc.Core;
using LossService.Http;
using LossService.Requests;
using LossService.Telemetry;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Features;

namespace LossService.Formats.OpenInference.Grpc;

/// <summary>The Open Inference Protocol v2 over gRPC: the same models, batches and scores as over HTTP.</summary>
internal sealed class InferenceService(Scoring scoring, Readiness readiness, Admission admission) :
    GRPCInferenceService.GRPCInferenceServiceBase
{
    /// <inheritdoc/>
    [AllowAnonymous]
    public override Task<ServerLiveResponse> ServerLive(ServerLiveRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerLiveResponse { Live = true });

    /// <inheritdoc/>
    [AllowAnonymous]
    public override Task<ServerReadyResponse> ServerReady(ServerReadyRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerReadyResponse { Ready = readiness.IsReady });

    /// <inheritdoc/>
    [AllowAnonymous]
    public override Task<ModelReadyResponse> ModelReady(ModelReadyRequest request, ServerCallContext context)
    {
        Find(request.Name, request.Version);
        return Task.FromResult(new ModelReadyResponse { Ready = readiness.IsReady });
    }

    /// <inheritdoc/>
    [AllowAnonymous]
    public override Task<ServerMetadataResponse> ServerMetadata(ServerMetadataRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerMetadataResponse
        {
            Name = OipServer.Name,
            Version = OipServer.Version,
            Extensions = { OipServer.Extensions },
        });

    /// <inheritdoc/>
    [AllowAnonymous]
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
    public override async Task<ModelInferResponse> ModelInfer(ModelInferRequest request, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        var timing = http.Features.GetRequiredFeature<ServerTiming>();
        timing.Mark(Phase.Read);
        ServiceMeter.RecordBody(request.CalculateSize());
        var model = Find(request.ModelName, request.ModelVersion);
        timing.Loss = model.Loss.Name;
        var call = http.Features.GetRequiredFeature<CallState>();
        var isRaw = request.RawInputContents.Count > 0;
        if (!(await admission.EnterAsync(call.MessageBytes, context.CancellationToken)).TryGet(out var turn, out var problem))
            throw problem.ToException();
        using (turn)
        {
            using var infer = new OipRequest(model.Loss, new(admission.Limits, admission.Memory.Share(), turn.Token));
            InferMessages.Read(request, infer);
            timing.Mark(Phase.Parse);
            // what the message holds is not needed any more
            request.Inputs.Clear();
            var scored = infer.Score(scoring);
            timing.Mark(Phase.Compute);
            if (!scored.TryGet(out var scores, out problem)) throw problem.ToException();
            ServiceMeter.CountSamples(timing.Loss, scores.Totals.Samples);
            // gRPC writes the message after this method returns, from the tensors' memory
            http.Response.RegisterForDispose(scores);
            TakeResponse(call, isRaw ? scores.Bytes : 2 * scores.Bytes);
            var response = new OipResponse(scores, infer);
            http.Response.RegisterForDispose(response);
            return InferMessages.Write(response, model.Loss.Name, infer.Batch.Id ?? http.TraceIdentifier, isRaw);
        }
    }

    /// <summary>Takes managed memory for a response: the framework buffers it whole, and typed lists are copies.</summary>
    private void TakeResponse(CallState call, long bytes)
    {
        if (bytes <= admission.Limits.SmallBodyBytes) return;
        admission.GrpcMemory.Take(bytes);
        call.ResponseBytes = bytes;
    }

    private static OipModel Find(string name, string version) =>
        OipModel.Find(name, version).TryGet(out var model, out var problem) ? model : throw problem.ToException();

    private static ModelMetadataResponse.Types.TensorMetadata Message(OipTensorPage page) =>
        new() { Name = page.Name, Datatype = page.Datatype, Shape = { page.Shape } };
}
