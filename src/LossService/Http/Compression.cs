using System.Net.Mime;
using LossService.Problems;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.Options;

namespace LossService.Http;

/// <summary>
/// Bodies in gzip, br or deflate, both ways, by the framework's middleware. (.NET 10 has no Zstandard.) The limit on a request's
/// body counts decompressed bytes, and reading stops there. A response is compressed where the client accepts it and it is large.
/// </summary>
internal static class Compression
{
    private const string Codings = "gzip, br, deflate";

    /// <summary>Registers the middleware's services.</summary>
    public static void AddCompression(this WebApplicationBuilder builder)
    {
        // without it, an incomplete stream decompresses without an error
        AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", true);
        builder.Services.AddRequestDecompression();
        builder.Services.AddResponseCompression();
        builder.Services.AddSingleton<IResponseCompressionProvider, LargeResponses>();
    }

    /// <summary>Decompresses requests, refuses unknown codings, compresses large responses.</summary>
    public static void UseCompression(this WebApplication app, CompressionSettings settings)
    {
        app.UseRequestDecompression();
        app.Use((context, next) =>
        {
            // the decompression removes the codings that it knows from the header
            var coding = context.Request.Headers.ContentEncoding;
            if (coding.Count == 0 || string.Equals(coding, "identity", StringComparison.OrdinalIgnoreCase)) return next(context);
            context.Response.Headers.AcceptEncoding = Codings;
            return ProblemTypes.UnsupportedMediaType(
                $"Content-Encoding is \"{coding}\"; expected one of {Codings}, or none.").ExecuteAsync(context);
        });
        if (settings.Answers) app.UseResponseCompression();
    }

    /// <summary>Whether an exception from reading a body means that it does not decompress.</summary>
    public static bool IsCorrupt(Exception error) => error is InvalidDataException
        or InvalidOperationException { Source: "System.IO.Compression.Brotli" };

    /// <summary>
    /// Compresses a response that the framework would compress only where it is long; one without a length counts as long. Scripts and
    /// style sheets are compressed at any length, since a page has dozens of short ones.
    /// </summary>
    private sealed class LargeResponses(IServiceProvider services, IOptions<ResponseCompressionOptions> options)
        : ResponseCompressionProvider(services, options)
    {
        // fewer bytes fit into a few packets
        private const int MinBytes = 4096;

        public override bool ShouldCompressResponse(HttpContext context) =>
            (!(context.Response.ContentLength < MinBytes) || IsPartOfAPage(context.Response.ContentType))
            && base.ShouldCompressResponse(context);

        private static bool IsPartOfAPage(string? type) => type is MediaTypeNames.Text.JavaScript or MediaTypeNames.Text.Css;
    }
}
