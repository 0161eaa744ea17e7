using LossService.Problems;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.Options;

namespace LossService.Http;

/// <summary>
/// Bodies in gzip, br or deflate, both ways, by the framework's middleware. (Zstandard is not in .NET 10.) What comes in is
/// limited by whoever reads it, after decompression and no further; what goes out is compressed where the client accepts it and it is large.
/// </summary>
internal static class Compression
{
    private const string Codings = "gzip, br, deflate";

    /// <summary>The setting that turns compressed answers off, for networks that are faster than gzip.</summary>
    private const string AnswersSetting = "Compression:Answers";

    /// <summary>Makes the middleware's parts.</summary>
    public static void AddCompression(this WebApplicationBuilder builder)
    {
        // otherwise a stream that is cut short ends like a whole one
        AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", true);
        builder.Services.AddRequestDecompression();
        builder.Services.AddResponseCompression(options => options.MimeTypes = [.. ResponseCompressionDefaults.MimeTypes, MediaTypes.Ndjson]);
        builder.Services.AddSingleton<IResponseCompressionProvider, LargeAnswers>();
    }

    /// <summary>Decompresses requests, refuses codings that are none of ours, compresses large answers.</summary>
    public static void UseCompression(this WebApplication app)
    {
        app.UseRequestDecompression();
        app.Use((context, next) =>
        {
            // the middleware before this one takes away the codings that it undoes
            var coding = context.Request.Headers.ContentEncoding;
            if (coding.Count == 0 || string.Equals(coding, "identity", StringComparison.OrdinalIgnoreCase)) return next(context);
            context.Response.Headers.AcceptEncoding = Codings;
            return ProblemTypes.UnsupportedMediaType($"Content-Encoding is \"{coding}\"; the body may be sent as it is, or in one of {Codings}.").ExecuteAsync(context);
        });
        if (app.Configuration.GetValue(AnswersSetting, true)) app.UseResponseCompression();
    }

    /// <summary>Whether an exception from reading a body says that it does not decompress.</summary>
    public static bool IsCorrupt(Exception error) => error is InvalidDataException
        or InvalidOperationException { Source: "System.IO.Compression.Brotli" };

    /// <summary>Of the answers that the framework would compress, those that do not fit into a few packets; one without a length is long.</summary>
    private sealed class LargeAnswers(IServiceProvider services, IOptions<ResponseCompressionOptions> options) : ResponseCompressionProvider(services, options)
    {
        private const int MinBytes = 4096;

        public override bool ShouldCompressResponse(HttpContext context) =>
            !(context.Response.ContentLength < MinBytes) && base.ShouldCompressResponse(context);
    }
}
