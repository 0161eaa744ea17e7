using System.Net.Mime;
using System.Text.Encodings.Web;
using LossService.Http;
using Microsoft.Net.Http.Headers;

namespace LossService.Api;

/// <summary>
/// Pages for browsers: what the JSON says, to read. They have no script and no style inside, so that a strict
/// Content-Security-Policy allows them.
/// </summary>
internal static class HtmlPage
{
    private const string Folder = "/pages";

    private static readonly MediaType[] Offered = [new(MediaTypeNames.Application.Json), new(MediaTypeNames.Text.Html)];

    /// <summary>Maps the style and the script of the pages.</summary>
    public static void MapPageAssets(this IEndpointRouteBuilder app)
    {
        Map("page.css", "text/css");
        Map("copy.js", "text/javascript");
        Map("formulas.json", MediaTypeNames.Application.Json);

        void Map(string name, string mediaType)
        {
            var asset = Asset(name);
            app.MapGet($"{Folder}/{name}", () => Results.Bytes(asset, mediaType)).ExcludeFromDescription().AllowAnonymous();
        }
    }

    /// <summary>Answers with HTML where the client prefers it, as browsers do, and with JSON otherwise.</summary>
    public static IResult Choose(HttpContext context, Func<IResult> json, Func<string> html)
    {
        context.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Accept);
        return MediaTypes.FindAccepted(context.Request, Offered).TryGet(out var accepted, out _) && accepted == Offered[1]
            ? Results.Content(html(), $"{MediaTypeNames.Text.Html}; charset=utf-8") : json();
    }

    /// <summary>A whole page.</summary>
    /// <param name="title">Its title.</param>
    /// <param name="root">The way from it to the root: empty, or <c>../../</c>; links work behind a path prefix, too.</param>
    /// <param name="body">The HTML of its body.</param>
    public static string Write(string title, string root, string body) => $"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>{Text(title)}</title>
        <link rel="icon" href="{root}playground/icon.svg" type="image/svg+xml">
        <link rel="stylesheet" href="{root}{Folder[1..]}/page.css">
        <script src="{root}{Folder[1..]}/copy.js" defer></script>
        </head>
        <body>
        {body}
        </body>
        </html>

        """;

    /// <summary>A table, which scrolls by itself where the screen is narrow.</summary>
    /// <param name="name">What it lists, for those who do not see it.</param>
    /// <param name="header">The headers of its columns.</param>
    /// <param name="rows">The HTML of its cells.</param>
    public static string Table(string name, string[] header, IEnumerable<string[]> rows) => $"""
        <div class="scroll" role="region" tabindex="0" aria-label="{Text(name)}"><table>
        <thead><tr>{string.Concat(header.Select(cell => $"<th scope=\"col\">{Text(cell)}</th>"))}</tr></thead>
        <tbody>
        {string.Join('\n', rows.Select(row => $"<tr>{string.Concat(row.Select(cell => $"<td>{cell}</td>"))}</tr>"))}
        </tbody>
        </table></div>
        """;

    /// <summary>An example to copy.</summary>
    public static string Example(string language, string code) =>
        $"<figure><figcaption>{Text(language)}</figcaption><pre tabindex=\"0\"><code>{Text(code)}</code></pre></figure>";

    /// <summary>A text as HTML.</summary>
    public static string Text(string text) => Encoder.Encode(text);

    /// <summary>A link.</summary>
    public static string Link(string address, string text) => $"<a href=\"{Text(address)}\">{Text(text)}</a>";

    /// <summary>Code within a text.</summary>
    public static string Code(string text) => $"<code>{Text(text)}</code>";

    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(System.Text.Unicode.UnicodeRanges.All);

    /// <summary>A file of the folder Html.</summary>
    public static byte[] Asset(string name)
    {
        using var stream = typeof(HtmlPage).Assembly.GetManifestResourceStream($"LossService.Api.Html.{name}")!;
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
