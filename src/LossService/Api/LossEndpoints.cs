using System.Collections.Frozen;
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
        // made once, and elsewhere: the threads of hundreds of requests that wait for it would leave none for probes
        var list = new Lazy<Task<IResult>>(() => Task.Run(() => CataloguePages.List(limits.Value)));
        var turns = new SmallBodyTurns();
        var page = new HeldPage(LossesHtml.Write);
        var pages = LossCatalogue.All.ToFrozenDictionary(loss => loss, loss => new HeldPage(service => LossHtml.Write(loss, service)));
        var group = app.MapGroup("/v1/losses");
        group.MapGet("", async (HttpContext context) =>
        {
            var json = await list.Value;
            // in turns: once it is made, all who wait for it would go on at once, and a probe would wait behind them
            if (!turns.TryTake()) await turns.WaitAsync();
            try
            {
                await HtmlPage.Choose(context, () => json, () => page.For(context.Request.Root())).ExecuteAsync(context);
                return Results.Empty;
            }
            finally
            {
                turns.End();
            }
        }).AllowAnonymous();
        group.MapGet("{loss}", (string loss, HttpContext context) => LossCatalogue.Find(loss) is { } found
            ? HtmlPage.Choose(context, () => CataloguePages.Show(found), () => pages[found].For(context.Request.Root()))
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
