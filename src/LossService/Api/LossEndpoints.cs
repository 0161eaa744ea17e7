using LossService.Core.Losses;
using LossService.Formats.Json;
using LossService.Formats.Ndjson;
using LossService.Http;
using LossService.Problems;

namespace LossService.Api;

/// <summary>The native routes: the catalogue, and one path to score for each entry of it.</summary>
internal static class LossEndpoints
{
    /// <summary>Maps <c>/v1/losses</c> and everything under it.</summary>
    public static void MapLosses(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1/losses");
        group.MapGet("", CataloguePages.All);
        group.MapGet("{loss}", (string loss) => LossCatalogue.Find(loss) is { } found ? CataloguePages.One(found) : Unknown(loss));
        // found here once: asked of a request, its services come with a scope that costs more than they do
        var (json, ndjson) = (app.ServiceProvider.GetRequiredService<JsonFormat>(), app.ServiceProvider.GetRequiredService<NdjsonFormat>());
        foreach (var loss in LossCatalogue.All)
        {
            group.MapPost(loss.Name, (HttpRequest request) =>
                MediaTypes.Refuse(request) is { } refused ? ValueTask.FromResult<IResult>(refused)
                : MediaTypes.IsStream(request) ? new(ndjson.AnswerAsync(loss, request))
                : json.AnswerAsync(loss, request)).WithName(loss.Name);
        }
        group.MapPost("{loss}", (string loss) => Unknown(loss)).ExcludeFromDescription();
    }

    private static Problem Unknown(string name) =>
        ProblemTypes.UnknownLoss(name, LossCatalogue.All.Select(loss => loss.Name));
}
