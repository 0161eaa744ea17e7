using LossService.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace LossService.Benchmarks.Peers;

/// <summary>
/// The least that any endpoint on Kestrel must do: drain the body and answer so many bytes, or echo the body. It receives into the blocks
/// of the service.
/// </summary>
internal static class BareServer
{
    /// <summary>The argument of this program that runs it.</summary>
    public const string Verb = "bare";

    private static readonly byte[] Spaces = Enumerable.Repeat((byte)' ', 64 * 1024).ToArray();

    /// <summary>Serves until it is killed.</summary>
    public static void Run(string url)
    {
        // not the folder of this program, where the settings of the service lie
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ContentRootPath = Path.Combine(AppContext.BaseDirectory, "Peers"),
        });
        builder.WebHost.UseUrls(url).ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        var pool = new ReceivePool(Options.Create(new Limits()));
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>>(pool);
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.MaxReadBufferSize = pool.BytesAhead);
        var app = builder.Build();
        app.MapPost("/score", () => new { loss = 0.0 });
        app.MapPost("/drain/{bytes:int}", DrainAsync);
        app.MapPost("/echo", EchoAsync);
        app.Run();
    }

    private static async Task DrainAsync(HttpContext http, int bytes)
    {
        var reader = http.Request.BodyReader;
        while (await reader.ReadAsync() is var read)
        {
            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) break;
        }
        http.Response.ContentType = "application/octet-stream";
        http.Response.ContentLength = bytes;
        for (var left = bytes; left > 0; left -= Spaces.Length)
            await http.Response.BodyWriter.WriteAsync(Spaces.AsMemory(0, Math.Min(left, Spaces.Length)));
    }

    private static async Task EchoAsync(HttpContext http)
    {
        var reader = http.Request.BodyReader;
        while (await reader.ReadAsync() is var read)
        {
            foreach (var segment in read.Buffer) await http.Response.BodyWriter.WriteAsync(segment);
            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) break;
        }
    }
}
