using LossService.Core.Losses;
using LossService.Formats;
using LossService.Http;
using LossService.Problems;
using LossService.Telemetry;
using Microsoft.Extensions.Options;

namespace LossService.Api;

/// <summary>The native routes: the catalogue, and for each loss a route that scores.</summary>
internal static class LossEndpoints
{
    /// <summary>Maps <c>/v1/losses</c> and everything under it.</summary>
    public static void MapLosses(this IEndpointRouteBuilder app)
    {
        // services are found here, once: asked of each request, they need a scope, which costs more than they do
        var formats = app.ServiceProvider.GetRequiredService<FormatCatalogue>();
        var limits = app.ServiceProvider.GetRequiredService<IOptions<Limits>>();
        // made once: made for each of hundreds of requests, it held up probes for hundreds of milliseconds
        var list = new Lazy<IResult>(() => CataloguePages.List(limits.Value));
        var group = app.MapGroup("/v1/losses");
        group.MapGet("", (HttpContext context) => HtmlPage.Choose(
            context, () => list.Value, () => LossesHtml.Write(context.Request.Root()))).AllowAnonymous();
        group.MapGet("{loss}", (string loss, HttpContext context) => LossCatalogue.Find(loss) is { } found
            ? HtmlPage.Choose(context, () => CataloguePages.Show(found), () => LossHtml.Write(found, context.Request.Root()))
            : Unknown(loss)).AllowAnonymous();
        group.MapPost("", (HttpRequest request) => formats.AnswerAsync(null, request)).WithMetadata(new ScoringRoute(ServiceMeter.Several));
        foreach (var loss in LossCatalogue.All)
        {
            group.MapPost(loss.Name, (HttpRequest request) => formats.AnswerAsync(loss, request))
                .WithMetadata(new ScoringRoute(loss.Name));
        }
        group.MapPost("{loss}", (string loss) => Unknown(loss)).WithMetadata(new ScoringRoute());
    }

    private static Problem Unknown(string name) =>
        ProblemTypes.UnknownLoss(name, LossCatalogue.All.Select(loss => loss.Name));
}
