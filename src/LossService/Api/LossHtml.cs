using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.OpenApi;
using static LossService.Api.HtmlPage;

namespace LossService.Api;

/// <summary>The page of a loss for a browser: formula, when to use it, options, and examples to copy.</summary>
internal static class LossHtml
{
    /// <summary>Writes the page of <paramref name="loss"/> for a service at an address.</summary>
    public static string Write(Loss loss, string service)
    {
        var page = loss.Page;
        var route = $"{service}/v1/losses/{loss.Name}";
        var paragraphs = Prose.Unwrap(page.WhenToUse).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return HtmlPage.Write(page.Title, "../../", $"""
            <nav>{Link("../../", "LossService")} / {Link("../../v1/losses", "losses")} / {Code(loss.Name)}</nav>
            <main>
            <h1>{Text(page.Title)}</h1>
            <p class="summary">{Text(Prose.Unwrap(page.Summary))}</p>
            <p>{Link($"../../#loss={loss.Name}", "See it in the playground")}: drag scores, move its options, watch the loss and its
            gradient.</p>
            <div class="formula scroll" role="region" tabindex="0" aria-label="Formula">{Formulas.Write(loss)}</div>
            <h2>When to use it</h2>
            {string.Join('\n', paragraphs.Select(paragraph => $"<p>{Text(paragraph)}</p>"))}
            <h2>Score a batch</h2>
            {Example("curl", LossExample.Curl(route, page.Example))}
            {Example("Python", LossExample.Python(route, page.Example))}
            {Example("C#", LossExample.CSharp(route, page.Example))}
            <p>Predictions are {string.Join(", ", loss.Accepts.Select(form => Code(form.Name())))}; the outputs are
            {string.Join(", ", loss.Outputs.Select(output => Code(output.Name)))}.
            {Link("../../swagger/index.html", "Try it out")} in the browser.</p>
            <h2>Options</h2>
            {Table("Options", ["Option", "Values", "Meaning"], loss.Options.Select(Describe))}
            <h2>Elsewhere</h2>
            {Table("The same loss in other libraries", ["Library", "Call"], page.Equivalents.Select(Describe))}
            <h2>References</h2>
            <ul>
            {string.Join('\n', page.References.Select(reference => $"<li>{Link(reference.Url, reference.Text)}</li>"))}
            </ul>
            </main>
            """);
    }

    private static string[] Describe(Option option) =>
        [Code(option.Name), Text(OptionWords.Describe(option)), Text(option.Description)];

    private static string[] Describe(Equivalent other) => [Text(other.Framework), Code(other.Code)];
}
