using System.Text.Json.Nodes;
using LossService.Core;

namespace LossService.Tests.OpenApi;

/// <summary>The document: committed, whole, and true to what the service answers.</summary>
public sealed class ApiDocumentTests(ServedDocument document) : IClassFixture<ServedDocument>
{
    [Fact]
    public void Document_Served_IsTheCommittedOne() =>
        Committed.Matches("src/LossService/OpenApi/openapi.json", document.Text + "\n");

    [Fact]
    public void Document_EveryReference_Resolves()
    {
        var references = Descendants(document.Json).OfType<JsonObject>()
            .Where(node => node.ContainsKey("$ref")).Select(node => (string)node["$ref"]!).Distinct().ToArray();
        Assert.NotEmpty(references);
        Assert.All(references, reference => Assert.NotNull(document.Resolve(reference)));
    }

    [Fact]
    public void Document_EveryComponent_IsReferred()
    {
        foreach (var kind in document.Json["components"]!.AsObject())
            foreach (var component in kind.Value!.AsObject())
                Assert.Contains($"\"#/components/{kind.Key}/{component.Key}\"", document.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Document_Paths_AreTheCatalogue() =>
        Assert.Equal(
            ["/v1/losses", "/v1/losses/{loss}", .. LossCatalogue.All.Select(loss => $"/v1/losses/{loss.Name}")],
            document.Json["paths"]!.AsObject().Select(path => path.Key).Where(path => path.StartsWith("/v1/losses", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
                .OrderBy(path => path is not ("/v1/losses" or "/v1/losses/{loss}")));

    [Fact]
    public void Document_PathsOfTheProtocol_ShowEachOnce() =>
        Assert.Equal(
            ["/v2", "/v2/health/live", "/v2/health/ready", "/v2/models", "/v2/models/{model}", "/v2/models/{model}/infer", "/v2/models/{model}/ready"],
            document.Json["paths"]!.AsObject().Select(path => path.Key).Where(path => path.StartsWith("/v2", StringComparison.Ordinal)).Order(StringComparer.Ordinal));

    [Fact]
    public void Responses_OtherThanProblems_AreScoresPagesOrNotReady() =>
        Assert.All(
            from path in document.Json["paths"]!.AsObject()
            from operation in path.Value!.AsObject()
            from response in operation.Value!["responses"]!.AsObject()
            where response.Value!["$ref"] is null
            select (Path: path.Key, Status: response.Key),
            response => Assert.True(response.Status == "200" || (response.Status == "503" && response.Path.EndsWith("/ready", StringComparison.Ordinal)), $"{response}"));

    [Theory, MemberData(nameof(ServedDocument.Losses), MemberType = typeof(ServedDocument))]
    public async Task LossExample_Posted_AnswersAsTheDocumentSays(string loss)
    {
        var operation = document.Operation($"/v1/losses/{loss}", "post");
        var example = operation["requestBody"]!["content"]!["application/json"]!["example"]!;
        var promised = operation["responses"]!["200"]!["content"]!["application/json"]!["example"]!;

        var (status, answer) = await document.PostAsync($"/v1/losses/{loss}", example.ToJsonString());

        Assert.Equal(200, status);
        // the same numbers, though the document writes 2e-09 as 0.000000002
        Assert.True(JsonNode.DeepEquals(promised, answer), answer.ToJsonString());
    }

    [Fact]
    public async Task InferExample_Posted_AnswersAsTheDocumentSays()
    {
        var check = new SchemaCheck(document);
        var operation = document.Operation("/v2/models/{model}/infer", "post");
        var posted = operation["requestBody"]!["content"]!["application/json"]!;
        var promised = operation["responses"]!["200"]!["content"]!["application/json"]!;
        var shown = (string)operation["parameters"]![0]!["example"]!;

        var (status, answer) = await document.PostAsync($"/v2/models/{shown}/infer", posted["example"]!.ToJsonString());

        Assert.Equal(200, status);
        Assert.True(JsonNode.DeepEquals(promised["example"], answer), answer.ToJsonString());
        Assert.True(check.Fits(posted["example"], posted["schema"]!));
        Assert.True(check.Fits(answer, promised["schema"]!));
    }

    [Theory]
    [InlineData("/v1/losses", "/v1/losses")]
    [InlineData("/v1/losses/{loss}", "/v1/losses/cross_entropy")]
    [InlineData("/v2", "/v2")]
    [InlineData("/v2/health/live", "/v2/health/live")]
    [InlineData("/v2/health/ready", "/v2/health/ready")]
    [InlineData("/v2/models", "/v2/models")]
    [InlineData("/v2/models/{model}", "/v2/models/cross_entropy")]
    [InlineData("/v2/models/{model}/ready", "/v2/models/cross_entropy/ready")]
    public async Task PageExample_Asked_IsTheAnswer(string path, string asked)
    {
        var promised = document.Operation(path, "get")["responses"]!["200"]!["content"]!["application/json"]!;
        using var response = await document.Client.GetAsync(asked, TestContext.Current.CancellationToken);
        var answer = await ServedDocument.ReadAsync(response);

        Assert.True(JsonNode.DeepEquals(promised["example"], answer), answer.ToJsonString());
        Assert.True(new SchemaCheck(document).Fits(answer, promised["schema"]!));
    }

    [Fact]
    public void ProblemExamples_All_AreProblemsOfTheirStatus()
    {
        var check = new SchemaCheck(document);
        foreach (var path in document.Json["paths"]!.AsObject())
            foreach (var operation in path.Value!.AsObject())
                foreach (var (status, response) in operation.Value!["responses"]!.AsObject().Where(response => response.Value!["$ref"] is not null))
                {
                    var content = document.Resolve((string)response!["$ref"]!)!["content"]!["application/problem+json"]!;
                    Assert.Equal(status, content["example"]!["status"]!.ToJsonString());
                    Assert.True(check.Fits(content["example"], content["schema"]!), $"{path.Key} {status}");
                }
    }

    private static IEnumerable<JsonNode> Descendants(JsonNode node)
    {
        var children = node switch
        {
            JsonObject members => members.Select(member => member.Value),
            JsonArray items => items,
            _ => [],
        };
        return children.OfType<JsonNode>().SelectMany(Descendants).Prepend(node);
    }
}
