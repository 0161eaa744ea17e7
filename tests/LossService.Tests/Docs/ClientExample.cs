using LossService.Client;
using Microsoft.Extensions.DependencyInjection;

namespace LossService.Tests.Docs;

/// <summary>The code of the client's README, each block between <c>// README</c> and <c>// end</c>.</summary>
internal static class ClientExample
{
    /// <summary>Runs the first block.</summary>
    /// <returns>The two numbers that it prints.</returns>
    public static async Task<(double? Loss, float Gradient)> ScoreAsync(Uri address)
    {
        // the example runs once
#pragma warning disable CA1861
        // README
        var services = new ServiceCollection();
        services.AddLossClient(address);
        await using var provider = services.BuildServiceProvider();
        var client = provider.GetRequiredService<LossClient>();

        var scores = await client.ScoreAsync(LossNames.CrossEntropy, new LossBatch
        {
            Logits = new float[,] { { 2.0f, 1.0f, 0.1f }, { 0.3f, 2.2f, 0.4f } },
            Labels = new[] { 0, 1 },
            Outputs = LossOutputs.Loss | LossOutputs.Gradient,
            Options = { LabelSmoothing = 0.1 },
        });
        var gradient = scores.Gradient.ToTensor<float>();
        // end
#pragma warning restore CA1861
        return (scores.Loss, gradient[0, 0]);
    }

    /// <summary>Runs the block that reads an error.</summary>
    /// <returns>What it prints.</returns>
    public static async Task<string> RefuseAsync(LossClient client, LossBatch batch)
    {
        var printed = new StringWriter();
        // README
        try
        {
            await client.ScoreAsync(LossNames.CrossEntropy, batch);
        }
        catch (LossProblemException refused)
        {
            printed.WriteLine(refused.Message);
            foreach (var error in refused.Problem.Errors) printed.WriteLine($"{error.Pointer} {error.Detail}");
        }
        // end
        return printed.ToString();
    }

    /// <summary>Runs the block of several losses.</summary>
    /// <returns>The loss that it prints.</returns>
    public static async Task<double?> ScoreSeveralAsync(LossClient client)
    {
#pragma warning disable CA1861
        // README
        var set = await client.ScoreAsync(
            new Dictionary<string, LossEntry>
            {
                [LossNames.CrossEntropy] = new() { Options = { LabelSmoothing = 0.1 } },
                [LossNames.Entropy] = new() { Weight = -0.01 },
            },
            new LossBatch { Logits = new float[,] { { 2.0f, 1.0f, 0.1f }, { 0.3f, 2.2f, 0.4f } }, Labels = new[] { 0, 1 } },
            combined: true);
        // end
#pragma warning restore CA1861
        return set.Losses[LossNames.CrossEntropy].Loss;
    }

    /// <summary>Runs the block of a stream.</summary>
    /// <returns>What it prints.</returns>
    public static async Task<string> StreamAsync(LossClient client, IAsyncEnumerable<LossBatch> batches)
    {
        var printed = new StringWriter();
        // README
        var answers = client.StreamAsync(LossNames.CrossEntropy, batches);
        await foreach (var answer in answers)
            printed.WriteLine(answer.Problem is { } problem ? problem.Detail : $"{answer.Line}: {answer.Scores.Loss}");
        printed.WriteLine($"{answers.Summary.Loss} over {answers.Summary.Totals.Samples} samples");
        // end
        return printed.ToString();
    }

    /// <summary>Runs the block of HTTP/2.</summary>
    /// <returns>A client.</returns>
    public static IHttpClientBuilder AddForStreams(IServiceCollection services, Uri address)
    {
        // README
        var builder = services.AddLossClient(address).ConfigureHttpClient(http =>
        {
            http.DefaultRequestVersion = new Version(2, 0);
            http.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        });
        // end
        return builder;
    }

    /// <summary>Runs the block of credentials and time.</summary>
    /// <returns>A client.</returns>
    public static IHttpClientBuilder AddWithKey(IServiceCollection services, Uri address, string key)
    {
        // README
        var builder = services.AddLossClient(address).ConfigureHttpClient(http =>
        {
            http.DefaultRequestHeaders.Authorization = new("Bearer", key);
            http.Timeout = TimeSpan.FromMinutes(10);
        });
        // end
        return builder;
    }
}
