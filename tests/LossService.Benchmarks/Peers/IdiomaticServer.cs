using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace LossService.Benchmarks.Peers;

/// <summary>
/// Softmax cross-entropy as one writes it with ASP.NET Core in an afternoon: <c>float[][]</c>, System.Text.Json, scalar loops,
/// no validation.
/// </summary>
internal static class IdiomaticServer
{
    /// <summary>The argument of this program that runs it.</summary>
    public const string Verb = "idiomatic";

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

    private sealed record IdiomaticBatch(float[][] Logits, int[] Labels, string[] Outputs);

    private sealed record IdiomaticScores(double Loss, float[][]? Gradient);
}
