using LossService.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LossService.Formats.OpenInference.Grpc;

/// <summary>The protocol's service over gRPC, with reflection for tools and the standard health service for probes.</summary>
internal static class GrpcHosting
{
    /// <summary>The service's name. Its descriptor knows it, too, but would read the whole .proto for it at every start: 25 ms.</summary>
    public const string ServiceName = "inference.GRPCInferenceService";

    /// <summary>What gRPC needs to run; a message may be as large as any body.</summary>
    public static void AddGrpcInference(this WebApplicationBuilder builder)
    {
        var limits = builder.Configuration.GetSection(nameof(Limits)).Get<Limits>() ?? new();
        builder.Services.AddGrpc(grpc =>
        {
            // else every POST with two segments would be taken for a call of some unknown service
            grpc.IgnoreUnknownServices = true;
            grpc.MaxReceiveMessageSize = limits.BodyBytes;
            grpc.MaxSendMessageSize = null;
            grpc.Interceptors.Add<FailureInterceptor>();
        });
        builder.Services.AddGrpcReflection();
        builder.Services.AddGrpcHealthChecks(health => health.Services.Map(ServiceName, _ => true))
            .AddCheck<ReadinessCheck>("ready");
        // the windows of HTTP/2 that fit small calls stop a large one every few frames to wait for an update
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.Http2.MaxFrameSize = 256 * 1024;
            kestrel.Limits.Http2.InitialStreamWindowSize = 4 * 1024 * 1024;
            kestrel.Limits.Http2.InitialConnectionWindowSize = 8 * 1024 * 1024;
        });
    }

    /// <summary>Maps the services.</summary>
    public static void MapGrpcInference(this IEndpointRouteBuilder app)
    {
        app.MapGrpcService<InferenceService>().NameLimit();
        app.MapGrpcHealthChecksService();
        app.MapGrpcReflectionService();
    }

    private sealed class ReadinessCheck(Readiness readiness) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(readiness.IsReady ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
    }
}
