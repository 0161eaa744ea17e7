using System.Diagnostics;
using Grpc.Core;
using LossService.Http;
using LossService.Requests;
using Microsoft.Extensions.Options;

namespace LossService.Formats.OpenInference.Grpc;

/// <summary>The Open Inference Protocol v2 over gRPC: the same models, batches and scores as over HTTP.</summary>
internal sealed class InferenceService(Scoring scoring, Readiness readiness, OipStatistics statistics, IOptions<Limits> limits) :
    GRPCInferenceService.GRPCInferenceServiceBase
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
        Task.FromResult(new ServerMetadataResponse
        {
            Name = OipServer.Name,
            Version = OipServer.Version,
            Extensions = { OipServer.Extensions },
        });

    /// <inheritdoc/>
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
    public override Task<ModelInferResponse> ModelInfer(ModelInferRequest request, ServerCallContext context)
    {
        var start = Stopwatch.GetTimestamp();
        var model = Find(request.ModelName, request.ModelVersion);
        using var infer = new OipRequest(model.Loss);
        var isRaw = InferMessages.Read(request, infer);
        if (!infer.Score(scoring, limits.Value.ListedErrors, context.CancellationToken).TryGet(out var scores, out var problem))
        {
            statistics.Add(model.Loss, isSuccess: false, Stopwatch.GetElapsedTime(start));
            throw problem.ToException();
        }
        var response = new OipResponse(scores, infer);
        var http = context.GetHttpContext();
        // gRPC writes the message after this method returns, from the tensors' memory
        http.Response.RegisterForDispose(scores);
        http.Response.RegisterForDispose(response);
        var message = InferMessages.Write(response, model.Loss.Name, infer.Batch.Id ?? http.TraceIdentifier, isRaw);
        statistics.Add(model.Loss, isSuccess: true, Stopwatch.GetElapsedTime(start));
        return Task.FromResult(message);
    }

    /// <inheritdoc/>
    public override Task<ModelConfigResponse> ModelConfig(ModelConfigRequest request, ServerCallContext context) =>
        Task.FromResult(new ModelConfigResponse
        {
            Config = ModelMessages.Write(OipConfig.Of(Find(request.Name, request.Version))),
        });

    /// <inheritdoc/>
    public override Task<ModelStatisticsResponse> ModelStatistics(ModelStatisticsRequest request, ServerCallContext context)
    {
        var models = request.Name.Length == 0 ? OipModel.All : [Find(request.Name, request.Version)];
        return Task.FromResult(new ModelStatisticsResponse
        {
            ModelStats = { models.Select(model => ModelMessages.Write(statistics.Of(model))) },
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
