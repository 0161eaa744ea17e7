using System.Text.Json.Nodes;
using LossService.Tests.Support;

namespace LossService.Tests.OpenApi;

/// <summary>The document that the service serves, read once for a class of tests.</summary>
public sealed class ServedDocument(TestService service) : IAsyncLifetime
{
    /// <summary>The document's text.</summary>
    internal string Text { get; private set; } = null!;

    /// <summary>The document.</summary>
    internal JsonNode Json { get; private set; } = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Text = (await service.SendAsync(new(HttpMethod.Get, "/swagger/v1/swagger.json"))).Text.ReplaceLineEndings("\n");
        Json = JsonNode.Parse(Text)!;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Posts a JSON body; returns the status and the body of the answer.</summary>
    internal async Task<(int Status, JsonNode Body)> PostAsync(string path, string json) => Read(await service.PostAsync(path, json));

    /// <summary>Gets a page.</summary>
    internal Task<(int Status, JsonNode Body)> GetAsync(string path) => SendAsync(new(HttpMethod.Get, path));

    /// <summary>Sends a request; returns the status and the body of the answer.</summary>
    internal async Task<(int Status, JsonNode Body)> SendAsync(HttpRequestMessage request) => Read(await service.SendAsync(request));

    /// <summary>Gets a page that the client has with an ETag, or does not have.</summary>
    internal Task<Answer> SendAsync(string path, string? tag)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (tag is not null) request.Headers.TryAddWithoutValidation("If-None-Match", tag);
        return service.SendAsync(request);
    }

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

    private static (int Status, JsonNode Body) Read(Answer answer) => (answer.Status, JsonNode.Parse(answer.Body)!);
}
