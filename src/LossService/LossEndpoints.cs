using LossService.Core;
using LossService.Formats.Json;
using LossService.Problems;

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
        if (Negotiation.Refuse(http) is { } refused) return refused;
        var services = http.HttpContext.RequestServices;
        return Negotiation.IsStream(http)
            ? await services.GetRequiredService<NdjsonFormat>().AnswerAsync(loss, http)
            : await services.GetRequiredService<JsonFormat>().AnswerAsync(loss, http);
    }
}
