using LossService.Core.Losses;
using LossService.OpenApi;
using static LossService.Api.HtmlPage;

namespace LossService.Api;

/// <summary>The catalogue for a browser: the losses, and where everything else is.</summary>
internal static class LossesHtml
{
    /// <summary>Writes the page for a service at an address.</summary>
    public static string Write(string service)
    {
        var shown = LossCatalogue.Find(LossesDocument.Shown)!;
        return HtmlPage.Write("Losses", "../", $"""
            <nav>{Link("../", "LossService")} / losses</nav>
            <main>
            <h1>Losses</h1>
            <p class="summary">Post a batch of labels and a model's outputs; the response has the loss, the loss of each sample and the
            gradient.</p>
            <ul>
            <li>{Link("../", "Playground")}: drag scores, see the loss</li>
            <li>{Link("../swagger/index.html", "Swagger UI")}: every route, to try in the browser</li>
            <li>{Link("../swagger/v1/swagger.json", "OpenAPI document")}: for generators of clients</li>
            <li>{Link("../v2/models", "Open Inference Protocol")}: the same losses for clients of KServe and Triton</li>
            </ul>
            {Example("curl", LossExample.Curl($"{service}/v1/losses/{shown.Name}", shown.Page.Example))}
            {Table("Losses", ["Loss", "Kind", "Definition"], LossCatalogue.All.Select(Describe))}
            </main>
            """);
    }

    private static string[] Describe(Loss loss) =>
    [
        $"<a href=\"losses/{loss.Name}\">{Code(loss.Name)}</a>",
        Text(Requests.WireName.Of(loss.Kind)),
        Text(Prose.Unwrap(loss.Page.Summary)),
    ];
}
