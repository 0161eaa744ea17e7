using System.Net.Http.Json;
using System.Text.Json;

namespace LossService.Tests.Docs;

/// <summary>The README's C#, as it stands there.</summary>
internal static class DotNetClient
{
    /// <summary>Scores a row.</summary>
    public static async Task<(double Loss, float[][] Gradient)> ScoreAsync(HttpClient client)
    {
        // README
        var batch = new { logits = new[] { new[] { 2.0, 1.0, 0.1 } }, labels = new[] { 0 }, outputs = new[] { "loss", "gradient" } };
        using var response = await client.PostAsJsonAsync("/v1/losses/cross_entropy", batch);
        response.EnsureSuccessStatusCode();
        var scores = await response.Content.ReadFromJsonAsync<JsonElement>();
        var loss = scores.GetProperty("loss").GetDouble();
        var gradient = scores.GetProperty("gradient").Deserialize<float[][]>()!;
        // end
        return (loss, gradient);
    }
}
