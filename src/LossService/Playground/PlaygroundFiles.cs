using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;
using Microsoft.Net.Http.Headers;

namespace LossService.Playground;

/// <summary>The playground: a page with its scripts, styles, libraries and data, all embedded in the assembly.</summary>
internal static class PlaygroundFiles
{
    private static readonly EmbeddedFileProvider Files = new(typeof(PlaygroundFiles).Assembly, "LossService.Playground.Page");

    private static readonly Lazy<string> Html = new(() =>
    {
        using var reader = new StreamReader(Files.GetFileInfo("index.html").CreateReadStream());
        return reader.ReadToEnd();
    });

    /// <summary>The page itself, whose links are relative to the root of the service.</summary>
    public static string Page => Html.Value;

    /// <summary>Serves the other files below <c>/playground</c>. They are open, as the documentation is.</summary>
    public static void UsePlayground(this WebApplication app) => app.UseStaticFiles(new StaticFileOptions
    {
        FileProvider = Files,
        RequestPath = "/playground",
        ContentTypeProvider = new FileExtensionContentTypeProvider(),
        // a browser asks each time whether its copy is today's, so that pages of two versions never mix
        OnPrepareResponse = file => file.Context.Response.Headers[HeaderNames.CacheControl] = "no-cache",
    });
}
