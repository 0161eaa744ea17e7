using LossService.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace LossService.Formats.OpenInference.Grpc;

/// <summary>The protocol's service over gRPC, with reflection for tools and the standard health service for probes.</summary>
internal static class GrpcHosting
{
    /// <summary>The service's name. Its descriptor has it too, but takes 25 ms of the start to parse the whole .proto.</summary>
    public const string ServiceName = "inference.GRPCInferenceService";

    /// <summary>Registers gRPC; the limit on a message is that on a body.</summary>
    public static void AddGrpcInference(this WebApplicationBuilder builder)
    {
        var limits = builder.Configuration.GetSection(nameof(Limits)).Get<Limits>() ?? new();
        builder.Services.AddGrpc(grpc =>
        {
            // otherwise every POST to a path of two segments counts as a call of an unknown service
            grpc.IgnoreUnknownServices = true;
            grpc.MaxReceiveMessageSize = limits.BodyBytes;
            grpc.MaxSendMessageSize = null;
            grpc.Interceptors.Add<FailureInterceptor>();
        });
        builder.Services.AddGrpcReflection();
        builder.Services.AddGrpcHealthChecks(health => health.Services.Map(ServiceName, _ => true))
            .AddCheck<ReadinessCheck>("ready");
        // with the default windows of HTTP/2, a large call waits for an update every few frames
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
        app.MapUnserved(ServiceName);
        app.MapGrpcService<InferenceService>().NameLimit(app.ServiceProvider.GetRequiredService<IOptions<Limits>>());
        app.MapGrpcHealthChecksService();
        app.MapGrpcReflectionService();
    }

    private sealed class ReadinessCheck(Readiness readiness) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(readiness.IsReady ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
    }
}
