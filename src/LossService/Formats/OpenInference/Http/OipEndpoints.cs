using LossService.Http;
using LossService.Problems;
using LossService.Telemetry;

namespace LossService.Formats.OpenInference.Http;

/// <summary>The Open Inference Protocol v2 over HTTP: health, metadata, and an infer route that scores.</summary>
internal static class OipEndpoints
{
    /// <summary>Registers the format, and the field in which the protocol's clients look for the text of a problem.</summary>
    public static void AddOip(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<OipFormat>().AddSingleton<OipStatistics>();
        builder.Services.AddSingleton(new DetailAlias(OipHttp.Path, "error"));
    }

    /// <summary>Maps <c>/v2</c> and everything under it.</summary>
    public static void MapOip(this IEndpointRouteBuilder app)
    {
        var format = app.ServiceProvider.GetRequiredService<OipFormat>();
        var readiness = app.ServiceProvider.GetRequiredService<Readiness>();
        var statistics = app.ServiceProvider.GetRequiredService<OipStatistics>();
        var group = app.MapGroup(OipHttp.Path);
        // what needs a key where keys are required is scoring alone
        var open = group.MapGroup("").AllowAnonymous();
        open.MapGet("", () => Json(new { OipServer.Name, OipServer.Version, OipServer.Extensions }));
        open.MapGet("health/live", () => Json(new { Live = true }));
        open.MapGet("health/ready", () => Ready(readiness, new { Ready = readiness.IsReady }));
        open.MapGet("models", () => Json(new { Models = OipModel.All.Select(model => model.Loss.Name) }));
        // what Triton's tools ask for; the API document names these routes in a sentence
        open.MapGet("models/stats", () => Count(OipModel.All, statistics)).ExcludeFromDescription();
        open.MapPost("repository/index", () => Json(OipModel.All.Select(model => new
        {
            model.Loss.Name,
            OipModel.Version,
            State = OipModel.State(readiness.IsReady),
        }))).ExcludeFromDescription();
        MapModel(group, "models/{model}", format, readiness, statistics);
        // there is one version, so the API document leaves these routes out
        MapModel(
            group.MapGroup("").ExcludeFromDescription(), "models/{model}/versions/{version}", format, readiness, statistics);
    }

    private static void MapModel(
        RouteGroupBuilder group, string route, OipFormat format, Readiness readiness, OipStatistics statistics)
    {
        group.MapGet(route, (string model, string? version) => Find(model, version, Describe)).AllowAnonymous();
        group.MapGet(route + "/config", (string model, string? version) => Find(model, version, found => Json(OipConfig.Create(found))))
            .ExcludeFromDescription().AllowAnonymous();
        group.MapGet(route + "/stats", (string model, string? version) => Find(model, version, found => Count([found], statistics)))
            .ExcludeFromDescription().AllowAnonymous();
        group.MapGet(route + "/ready", (string model, string? version) =>
            Find(model, version, found => Ready(readiness, new { found.Loss.Name, Ready = readiness.IsReady })))
            .AllowAnonymous();
        group.MapPost(route + "/infer", (string model, string? version, HttpRequest request) =>
            OipModel.Find(model, version).TryGet(out var found, out var problem) ? format.InferAsync(found.Loss, request) : new(problem))
            .WithMetadata(new ScoringRoute());
    }

    private static IResult Find(string name, string? version, Func<OipModel, IResult> respond) =>
        OipModel.Find(name, version).TryGet(out var model, out var problem) ? respond(model) : problem;

    private static IResult Describe(OipModel model) =>
        Json(new { model.Loss.Name, Versions = new[] { OipModel.Version }, OipModel.Platform, model.Inputs, model.Outputs });

    private static IResult Count(IEnumerable<OipModel> models, OipStatistics statistics) =>
        Json(new { ModelStats = models.Select(model => Describe(statistics.Read(model))) });

    private static object Describe(OipModelStatistics counted) => new
    {
        counted.Name,
        OipModel.Version,
        counted.LastInference,
        InferenceCount = counted.Success.Count,
        ExecutionCount = counted.Success.Count,
        InferenceStats = new
        {
            counted.Success,
            counted.Fail,
            counted.Steps.Queue,
            ComputeInput = counted.Steps.Input,
            ComputeInfer = counted.Steps.Infer,
            ComputeOutput = counted.Steps.Output,
        },
        BatchStats = Array.Empty<object>(),
    };

    private static IResult Ready(Readiness readiness, object body) => Json(body, readiness.IsReady ? 200 : 503);

    private static IResult Json(object body, int status = 200) => Results.Json(body, Problem.Json, OipHttp.Json, status);
}
