using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace LossService.Benchmarks.Peers;

/// <summary>
/// Softmax cross-entropy as one writes it with ASP.NET Core in an afternoon: <c>float[][]</c>, System.Text.Json, scalar loops,
/// no validation. Beside it, the least that any endpoint on Kestrel must do: drain the body, answer so many bytes.
/// </summary>
internal static class IdiomaticServer
{
    /// <summary>The argument of this program that runs it.</summary>
    public const string Verb = "idiomatic";

    private static readonly byte[] Spaces = Enumerable.Repeat((byte)' ', 64 * 1024).ToArray();

    /// <summary>Serves until it is killed.</summary>
    public static void Run(string url)
    {
        // not the folder of this program, where the settings of the service lie
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ContentRootPath = Path.Combine(AppContext.BaseDirectory,
            "Peers")
        });
        builder.WebHost.UseUrls(url).ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower);
        var app = builder.Build();
        app.MapPost("/score", (IdiomaticBatch batch) => Score(batch));
        app.MapPost("/drain/{bytes:int}", DrainAsync);
        app.Run();
    }

    private static IdiomaticScores Score(IdiomaticBatch batch)
    {
        var isGradientWanted = batch.Outputs.Contains("gradient");
        var gradient = new float[batch.Logits.Length][];
        var sum = 0.0;
        for (var i = 0; i < batch.Logits.Length; i++)
        {
            var row = batch.Logits[i];
            var max = row.Max();
            var exponentials = new float[row.Length];
            var total = 0f;
            for (var c = 0; c < row.Length; c++) total += exponentials[c] = MathF.Exp(row[c] - max);
            sum += MathF.Log(total) + max - row[batch.Labels[i]];
            if (!isGradientWanted) continue;
            for (var c = 0; c < row.Length; c++) exponentials[c] /= total * batch.Logits.Length;
            exponentials[batch.Labels[i]] -= 1f / batch.Logits.Length;
            gradient[i] = exponentials;
        }
        return new(sum / batch.Logits.Length, isGradientWanted ? gradient : null);
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

    private sealed record IdiomaticBatch(float[][] Logits, int[] Labels, string[] Outputs);

    private sealed record IdiomaticScores(double Loss, float[][]? Gradient);
}
