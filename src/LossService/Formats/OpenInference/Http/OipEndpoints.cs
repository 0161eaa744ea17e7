using LossService.Http;
using LossService.Problems;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace LossService.Formats.OpenInference.Http;

/// <summary>The Open Inference Protocol v2 over HTTP: health, metadata, and an infer route that scores.</summary>
internal static class OipEndpoints
{
    private static readonly string[] Read = [OipHttp.Json, OipHttp.Binary];

    /// <summary>What the protocol needs to run.</summary>
    public static void AddOip(this WebApplicationBuilder builder) =>
        builder.Services.AddSingleton<OipScoring>();

    /// <summary>Maps <c>/v2</c> and everything under it.</summary>
    public static void MapOip(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v2");
        group.MapGet("", () => Json(new { OipServer.Name, OipServer.Version, OipServer.Extensions }));
        group.MapGet("health/live", () => Json(new { Live = true }));
        group.MapGet("health/ready", (Readiness readiness) => Ready(readiness, new { Ready = readiness.IsReady }));
        group.MapGet("models", () => Json(new { Models = OipModel.All.Select(model => model.Loss.Name) }));
        MapModel(group, "models/{model}");
        // there is one version, so the document need not show every route twice
        MapModel(group.MapGroup("").ExcludeFromDescription(), "models/{model}/versions/{version}");
    }

    private static void MapModel(RouteGroupBuilder group, string route)
    {
        group.MapGet(route, (string model, string? version) => For(model, version, Page));
        group.MapGet(route + "/ready", (string model, string? version, Readiness readiness) =>
            For(model, version, found => Ready(readiness, new { found.Loss.Name, Ready = readiness.IsReady })));
        group.MapPost(route + "/infer", (string model, string? version, HttpRequest request) => InferAsync(model, version, request));
    }

    private static IResult For(string name, string? version, Func<OipModel, IResult> answer)
    {
        var (model, problem) = OipModel.Find(name, version);
        return model is null ? problem! : answer(model);
    }

    private static IResult Page(OipModel model) =>
        Json(new { model.Loss.Name, Versions = new[] { OipModel.Version }, OipModel.Platform, model.Inputs, model.Outputs });

    private static IResult Ready(Readiness readiness, object body) => Json(body, readiness.IsReady ? 200 : 503);

    private static IResult Json(object body, int status = 200) => Results.Json(body, Problem.Json, OipHttp.Json, status);

    private static async Task<IResult> InferAsync(string name, string? version, HttpRequest http)
    {
        var (model, problem) = OipModel.Find(name, version);
        if (model is null) return problem!;
        if (Refuse(http) is { } refused) return refused;

        var context = http.HttpContext;
        var services = context.RequestServices;
        var timing = new ServerTiming();
        var limit = services.GetRequiredService<IOptions<Limits>>().Value.BodyBytes;
        var (body, unread) = await RequestBody.ReadAsync(http, limit, context.RequestAborted);
        timing.Mark("read");
        if (body is null) return unread!;

        using var request = new OipRequest(model.Loss);
        problem = OipHttp.Read(body, http.Headers[OipHttp.HeaderLength], request);
        timing.Mark("parse");
        if (problem is not null) return problem;

        var (answer, invalid) = services.GetRequiredService<OipScoring>().Score(request, context.RequestAborted);
        timing.Mark("compute");
        if (answer is null) return invalid!;

        timing.Announce(context.Response);
        using (answer) await new OipResponseWriter(context.Response, answer).WriteAsync(name, request.Batch.Id ?? context.TraceIdentifier);
        return Results.Empty;
    }

    /// <summary>Clients of the protocol may well send no Content-Type: the lengths say all that must be known.</summary>
    private static Problem? Refuse(HttpRequest http)
    {
        if (!string.IsNullOrEmpty(http.ContentType)
            && !(MediaTypeHeaderValue.TryParse(http.ContentType, out var type) && Read.Any(read => type.MediaType.Equals(read, StringComparison.OrdinalIgnoreCase))))
        {
            http.HttpContext.Response.Headers.Accept = $"{OipHttp.Json}, {OipHttp.Binary}";
            return ProblemTypes.UnsupportedMediaType($"Content-Type is \"{http.ContentType}\"; an infer request is {OipHttp.Json} or {OipHttp.Binary}, and may leave it out.");
        }
        return null;
    }
}
