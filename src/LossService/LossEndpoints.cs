using LossService.Core;
using LossService.Formats.Json;
using LossService.Problems;
using Microsoft.Extensions.Options;

namespace LossService;

/// <summary>The native routes: the catalogue, and one path to score for each entry of it.</summary>
internal static class LossEndpoints
{
    /// <summary>Maps <c>/v1/losses</c> and everything under it.</summary>
    public static void MapLosses(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1/losses");
        group.MapGet("", CataloguePages.All);
        group.MapGet("{loss}", (string loss) => LossCatalogue.Find(loss) is { } found ? CataloguePages.One(found) : Unknown(loss));
        foreach (var loss in LossCatalogue.All)
            group.MapPost(loss.Name, (HttpRequest request) => ScoreAsync(loss, request)).WithName(loss.Name);
        group.MapPost("{loss}", (string loss) => Unknown(loss)).ExcludeFromDescription();
    }

    private static Problem Unknown(string name) =>
        Problems.Problems.UnknownLoss(name, LossCatalogue.All.Select(loss => loss.Name));

    private static async Task<IResult> ScoreAsync(Loss loss, HttpRequest http)
    {
        var services = http.HttpContext.RequestServices;
        var limits = services.GetRequiredService<IOptions<Limits>>().Value;
        var cancellation = http.HttpContext.RequestAborted;
        if (Negotiation.Refuse(http) is { } refused) return refused;

        var timing = new ServerTiming();
        var (body, problem) = await RequestBody.ReadAsync(http, limits.BodyBytes, cancellation);
        timing.Mark("read");
        if (body is null) return problem!;

        using var request = new ScoreRequest(loss);
        using (body) problem = JsonRequestReader.Read(body, request);
        timing.Mark("parse");
        if (problem is not null) return problem;

        using var scores = services.GetRequiredService<Scoring>().Score(request, cancellation);
        timing.Mark("compute");
        if (scores is null) return JsonAddress.ToProblem(request.Findings, limits);

        var response = http.HttpContext.Response;
        response.ContentType = "application/json";
        timing.Announce(response);
        await new JsonScoresWriter(response.BodyWriter, cancellation).WriteAsync(scores, request);
        timing.Mark("write");
        return Results.Empty;
    }
}
