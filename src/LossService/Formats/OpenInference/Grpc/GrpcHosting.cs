using LossService.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LossService.Formats.OpenInference.Grpc;

/// <summary>The protocol's service over gRPC, with reflection for tools and the standard health service for probes.</summary>
internal static class GrpcHosting
{
    /// <summary>The service's name. Its descriptor has it too, but takes 25 ms of the start to parse the whole .proto.</summary>
    public const string ServiceName = "inference.GRPCInferenceService";

    /// <summary>The most bytes of a message to the health and reflection services, which are a few words.</summary>
    private const int SmallMessage = 64 * 1024;

    /// <summary>Registers gRPC; the limit on a message is <see cref="Limits.MessageBytes"/>.</summary>
    public static void AddGrpcInference(this WebApplicationBuilder builder, Limits limits)
    {
        builder.Services.AddGrpc(grpc =>
        {
            // otherwise every POST to a path of two segments counts as a call of an unknown service
            grpc.IgnoreUnknownServices = true;
            grpc.MaxReceiveMessageSize = SmallMessage;
            grpc.MaxSendMessageSize = null;
            grpc.Interceptors.Add<FailureInterceptor>();
        }).AddServiceOptions<InferenceService>(service => service.MaxReceiveMessageSize = limits.MessageBytes);
        builder.Services.AddGrpcReflection();
        builder.Services.AddGrpcHealthChecks(health => health.Services.Map(ServiceName, _ => true))
            .AddCheck<ReadinessCheck>("ready");
        // those who watch learn it so often; the framework's 30 seconds are longer than the warm-up
        builder.Services.Configure<HealthCheckPublisherOptions>(publisher => publisher.Period = TimeSpan.FromSeconds(5));
        // with the default windows of HTTP/2, a large call waits for an update every few frames; what a client sends unasked, within
        // them, is in no budget
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.Http2.MaxFrameSize = 256 * 1024;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 32;
            kestrel.Limits.Http2.InitialStreamWindowSize = 1024 * 1024;
            kestrel.Limits.Http2.InitialConnectionWindowSize = 4 * 1024 * 1024;
        });
    }

    /// <summary>Maps the services.</summary>
    public static void MapGrpcInference(this IEndpointRouteBuilder app)
    {
        app.MapUnserved(ServiceName);
        var service = app.MapGrpcService<InferenceService>();
        service.Admit(app.ServiceProvider.GetRequiredService<Admission>());
        service.Time(nameof(InferenceService.ModelInfer));
        app.MapGrpcHealthChecksService().AllowAnonymous();
        app.MapGrpcReflectionService().AllowAnonymous();
    }

    private sealed class ReadinessCheck(Readiness readiness) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(readiness.IsReady ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
    }
}
