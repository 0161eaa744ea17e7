using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using LossService.Core.Losses;
using Microsoft.AspNetCore.Mvc.Testing;

namespace LossService.Tests.OpenApi;

/// <summary>The running service, and the document it serves.</summary>
public sealed class ServedDocument : IAsyncLifetime
{
    private readonly WebApplicationFactory<Program> _service = new();

    /// <summary>Talks to the service.</summary>
    internal HttpClient Client { get; private set; } = null!;

    /// <summary>The document's text.</summary>
    internal string Text { get; private set; } = null!;

    /// <summary>The document.</summary>
    internal JsonNode Json { get; private set; } = null!;

    /// <summary>The names in the catalogue.</summary>
    public static TheoryData<string> Losses => [.. LossCatalogue.All.Select(loss => loss.Name)];

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Client = _service.CreateClient();
        Text = (await Client.GetStringAsync("/swagger/v1/swagger.json", TestContext.Current.CancellationToken)).ReplaceLineEndings("\n");
        Json = JsonNode.Parse(Text)!;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _service.DisposeAsync();

    /// <summary>Posts a JSON body; returns the status and the body of the answer.</summary>
    internal async Task<(int Status, JsonNode Body)> PostAsync(string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using var response = await Client.PostAsync(path, content, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await ReadAsync(response));
    }

    /// <summary>The JSON of an answer.</summary>
    internal static async Task<JsonNode> ReadAsync(HttpResponseMessage response) =>
        JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;

    /// <summary>The operation of a path.</summary>
    internal JsonNode Operation(string path, string method) => Json["paths"]![path]![method]!;

    /// <summary>The schema of a loss's request, and of its answer.</summary>
    internal (JsonNode Request, JsonNode Answer) Schemas(string loss)
    {
        var operation = Operation($"/v1/losses/{loss}", "post");
        return (operation["requestBody"]!["content"]!["application/json"]!["schema"]!,
            operation["responses"]!["200"]!["content"]!["application/json"]!["schema"]!);
    }

    /// <summary>What a reference points at: <c>#/components/schemas/Scores</c>; null where there is nothing.</summary>
    internal JsonNode? Resolve(string reference)
    {
        var node = Json;
        foreach (var name in reference.Split('/').Skip(1)) node = node?[name];
        return node;
    }
}
