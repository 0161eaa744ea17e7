using System.Diagnostics;
using Grpc.Core;
using LossService.Http;
using LossService.Requests;
using LossService.Telemetry;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Features;

namespace LossService.Formats.OpenInference.Grpc;

/// <summary>The Open Inference Protocol v2 over gRPC: the same models, batches and scores as over HTTP.</summary>
internal sealed class InferenceService(Scoring scoring, Readiness readiness, Admission admission, OipStatistics statistics) :
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
            Inputs = { model.Inputs.Select(ModelMessages.Write) },
            Outputs = { model.Outputs.Select(ModelMessages.Write) },
        });
    }

    /// <inheritdoc/>
    public override async Task<ModelInferResponse> ModelInfer(ModelInferRequest request, ServerCallContext context)
    {
        var start = Stopwatch.GetTimestamp();
        var http = context.GetHttpContext();
        var timing = http.Features.GetRequiredFeature<ServerTiming>();
        timing.Mark(Phase.Read);
        timing.Measures.Bytes = request.CalculateSize();
        var model = Find(request.ModelName, request.ModelVersion);
        timing.Loss = model.Loss.Name;
        var call = http.Features.GetRequiredFeature<CallState>();
        var entered = await admission.EnterAsync(call.MessageBytes, isOfSeveral: false, context.CancellationToken);
        if (!entered.TryGet(out var turn, out var problem))
        {
            http.Features.Set(problem);
            throw problem.ToException();
        }
        using (turn)
        {
            using var infer = new OipRequest(model.Loss, new(admission.Limits, admission.Memory.Share(), turn.Token));
            var isRaw = InferMessages.Read(request, infer);
            timing.Mark(Phase.Parse);
            // what the message holds is not needed any more
            request.Inputs.Clear();
            var scored = infer.Score(scoring);
            timing.Mark(Phase.Compute);
            statistics.Add(model.Loss, scored.TryGet(out var set, out problem), Stopwatch.GetElapsedTime(start));
            if (set is null) throw problem!.ToException();
            var scores = set.Single;
            timing.Measures.Samples = scores.Totals.Samples;
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

    /// <inheritdoc/>
    public override Task<ModelConfigResponse> ModelConfig(ModelConfigRequest request, ServerCallContext context) =>
        Task.FromResult(new ModelConfigResponse
        {
            Config = ModelMessages.Write(OipConfig.Create(Find(request.Name, request.Version))),
        });

    /// <inheritdoc/>
    public override Task<ModelStatisticsResponse> ModelStatistics(ModelStatisticsRequest request, ServerCallContext context)
    {
        var models = request.Name.Length == 0 ? OipModel.All : [Find(request.Name, request.Version)];
        return Task.FromResult(new ModelStatisticsResponse
        {
            ModelStats = { models.Select(model => ModelMessages.Write(statistics.Read(model))) },
        });
    }

    /// <inheritdoc/>
    public override Task<RepositoryIndexResponse> RepositoryIndex(RepositoryIndexRequest request, ServerCallContext context)
    {
        var listed = request.Ready && !readiness.IsReady ? [] : OipModel.All;
        return Task.FromResult(new RepositoryIndexResponse
        {
            Models =
            {
                listed.Select(model => new RepositoryIndexResponse.Types.ModelIndex
                {
                    Name = model.Loss.Name,
                    Version = OipModel.Version,
                    State = OipModel.State(readiness.IsReady),
                }),
            },
        });
    }

    private static OipModel Find(string name, string version) =>
        OipModel.Find(name, version).TryGet(out var model, out var problem) ? model : throw problem.ToException();
}
