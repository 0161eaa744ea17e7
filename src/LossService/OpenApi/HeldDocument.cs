using System.Globalization;
using System.IO.Pipelines;
using System.Net.Mime;
using System.Security.Cryptography;
using System.Text;
using LossService.Http;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.Swagger;

namespace LossService.OpenApi;

/// <summary>
/// The API document, made in the warm-up or at the first request, and held as text: making it scores every example, which takes longer
/// than a thousand batches. It has an ETag, so that a client that has it gets 304. Where many ask at once, they are answered in turns:
/// beside hundreds of responses under way, each step of a probe waits behind a piece of each.
/// </summary>
/// <param name="name">The document's name.</param>
internal sealed class HeldDocument(string name)
{
    private const int Piece = 16 * 1024;

    /// <summary>A client that takes longer goes on beside the turns, so that slow ones hold up nobody.</summary>
    internal static readonly TimeSpan LongestTurn = TimeSpan.FromMilliseconds(50);

    private readonly SmallBodyTurns _turns = new();
    private readonly Lock _sync = new();
    private Task<(byte[] Text, EntityTagHeaderValue Tag)>? _held;

    /// <summary>Makes it before the first request, which then need not wait for it.</summary>
    public Task PrepareAsync(IServiceProvider services) => GetAsync(services);

    /// <summary>Answers a request for the document.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        var (text, tag) = await GetAsync(context.RequestServices);
        var response = context.Response;
        response.GetTypedHeaders().ETag = tag;
        if (context.Request.GetTypedHeaders().IfNoneMatch.Any(had =>
            had.Compare(tag, useStrongComparison: false) || had.Equals(EntityTagHeaderValue.Any)))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        response.ContentType = $"{MediaTypeNames.Application.Json};charset=utf-8";
        response.ContentLength = text.Length;
        if (HttpMethods.IsHead(context.Request.Method)) return;
        if (!_turns.TryTake()) await _turns.WaitAsync();
        Task written;
        try
        {
            written = WriteAsync(text, response.BodyWriter, context.RequestAborted);
            await Task.WhenAny(written, Task.Delay(LongestTurn));
        }
        finally
        {
            _turns.End();
        }
        await written;
    }

    private static async Task WriteAsync(byte[] text, PipeWriter body, CancellationToken aborted)
    {
        // written whole, it would be held whole for each client that does not read it
        for (var sent = 0; sent < text.Length; sent += Piece)
            await body.WriteAsync(text.AsMemory(sent, Math.Min(Piece, text.Length - sent)), aborted);
    }

    private Task<(byte[] Text, EntityTagHeaderValue Tag)> GetAsync(IServiceProvider services)
    {
        lock (_sync)
        {
            if (_held is null or { IsFaulted: true })
            {
                var provider = services.GetRequiredService<IAsyncSwaggerProvider>();
                // elsewhere, since making it waits for nothing, and the lock would hold every thread that asks meanwhile
                _held = Task.Run(() => MakeAsync(provider));
            }
            return _held;
        }
    }

    private async Task<(byte[] Text, EntityTagHeaderValue Tag)> MakeAsync(IAsyncSwaggerProvider provider)
    {
        var document = await provider.GetSwaggerAsync(name);
        using var writer = new StringWriter(CultureInfo.InvariantCulture);
        document.SerializeAsV31(new OpenApiJsonWriter(writer));
        var text = Encoding.UTF8.GetBytes(writer.ToString());
        return (text, new($"\"{Convert.ToHexString(SHA256.HashData(text).AsSpan(0, 16))}\""));
    }
}
