using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using LossService.Core.Losses;
using LossService.Http;
using LossService.Tests.Shared;
using LossService.Tests.Support;

namespace LossService.Tests.OpenApi;

/// <summary>The document: committed, whole, and true to what the service answers.</summary>
public sealed class ApiDocumentTests(ServedDocument document) : IClassFixture<ServedDocument>
{
    private const string Native = "/v1/losses/cross_entropy";
    private const string Infer = "/v2/models/cross_entropy/infer";

    [Fact]
    public void Document_Served_IsTheCommittedOne() =>
        Committed.Matches("src/LossService/OpenApi/openapi.json", document.Text + "\n");

    [Fact]
    public async Task Document_AskedForAgain_IsNotSentTwice()
    {
        var first = await document.SendAsync("/swagger/v1/swagger.json", null);
        Assert.Equal(200, first.Status);
        var again = await document.SendAsync("/swagger/v1/swagger.json", first.Header("ETag"));
        Assert.Equal((304, 0), (again.Status, again.Body.Length));
        Assert.Equal(first.Text, (await document.SendAsync("/swagger/v1/swagger.json", "\"other\"")).Text);
    }

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
            document.Json["paths"]!.AsObject().Select(path => path.Key)
                .Where(path => path.StartsWith("/v1/losses", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
                .OrderBy(path => path is not ("/v1/losses" or "/v1/losses/{loss}")));

    [Fact]
    public void Document_PathsOfTheProtocol_ShowEachOnce() =>
        Assert.Equal(
            ["/v2", "/v2/health/live", "/v2/health/ready", "/v2/models", "/v2/models/{model}", "/v2/models/{model}/infer",
                "/v2/models/{model}/ready"],
            document.Json["paths"]!.AsObject().Select(path => path.Key)
                .Where(path => path.StartsWith("/v2", StringComparison.Ordinal)).Order(StringComparer.Ordinal));

    [Fact]
    public void Responses_OtherThanProblems_AreScoresPagesOrNotReady() =>
        Assert.All(
            from path in document.Json["paths"]!.AsObject()
            from operation in path.Value!.AsObject()
            from response in operation.Value!["responses"]!.AsObject()
            where response.Value!["$ref"] is null
            select (Path: path.Key, Status: response.Key),
            response => Assert.True(response.Status == "200"
                || (response.Status == "503" && response.Path.EndsWith("/ready", StringComparison.Ordinal)), $"{response}"));

    [Fact]
    public void Operations_OfEveryPath_HaveOneMediaTypeAndANameInOneWord()
    {
        foreach (var (path, operations) in document.Json["paths"]!.AsObject())
            foreach (var operation in operations!.AsObject().Select(operation => operation.Value!))
            {
                // generators split a name at _, and take the wrong type of several
                Assert.Matches("^[a-z][A-Za-z]*$", (string)operation["operationId"]!);
                if (operation["requestBody"] is { } body && path != "/v1/losses/{loss}") Assert.Single(body["content"]!.AsObject());
                Assert.All(operation["responses"]!["200"]!["content"]!.AsObject(), content => Assert.NotNull(content.Value!["schema"]));
            }
        var names = document.Json["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject())
            .Select(operation => (string)operation.Value!["operationId"]!).ToArray();
        Assert.Equal(names.Length, names.Distinct().Count());
    }

    [Fact]
    public void Server_OfTheDocument_IsTheRootAboveIt() =>
        Assert.Equal(new Uri("https://host/prefix/"),
            new Uri(new Uri("https://host/prefix/swagger/v1/swagger.json"), (string)document.Json["servers"]![0]!["url"]!));

    [Fact]
    public void Numbers_InTheDocument_FitADecimal() =>
        Assert.All(Descendants(document.Json).OfType<JsonValue>().Where(value => value.GetValueKind() == JsonValueKind.Number),
            number => Assert.True(Math.Abs((double)number) < 7.9e28, number.ToJsonString()));

    [Theory, MemberData(nameof(LossTheories.Every), MemberType = typeof(LossTheories))]
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
    public async Task SeveralExample_Posted_AnswersAsTheDocumentSays()
    {
        var check = new SchemaCheck(document);
        var operation = document.Operation("/v1/losses", "post");
        var posted = operation["requestBody"]!["content"]!["application/json"]!;
        var promised = operation["responses"]!["200"]!["content"]!["application/json"]!;

        var (status, answer) = await document.PostAsync("/v1/losses", posted["example"]!.ToJsonString());

        Assert.Equal(200, status);
        Assert.True(JsonNode.DeepEquals(promised["example"], answer), answer.ToJsonString());
        Assert.True(check.Fits(posted["example"], posted["schema"]!));
        Assert.True(check.Fits(answer, promised["schema"]!));
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
        var (_, answer) = await document.GetAsync(asked);

        Assert.Equal(Canonical(promised["example"]), Canonical(answer));
        Assert.True(new SchemaCheck(document).Fits(answer, promised["schema"]!));
    }

    /// <summary>The values are the machine's, so the document has no example of them.</summary>
    [Fact]
    public async Task Limits_Asked_AreThoseOfTheDocument()
    {
        var (status, limits) = await document.GetAsync("/v1/limits");
        Assert.Equal(200, status);
        Assert.Equal(new Limits().BodyBytes, (int)limits["body_bytes"]!);
        var schema = document.Operation("/v1/limits", "get")["responses"]!["200"]!["content"]!["application/json"]!["schema"]!;
        Assert.True(new SchemaCheck(document).Fits(limits, schema));
        Assert.Equal(
            typeof(Limits).GetProperties().Select(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name)),
            limits.AsObject().Select(limit => limit.Key));
        Assert.Equal(limits.AsObject().Select(limit => limit.Key), schema["required"]!.AsArray().Select(name => (string)name!));
        Assert.All(schema["properties"]!.AsObject(), limit => Assert.EndsWith(".", (string)limit.Value!["description"]!,
            StringComparison.Ordinal));
    }

    /// <summary>A value with each number in one text: 1E+100 and 1e+100 are the same.</summary>
    private static string Canonical(JsonNode? value) => value switch
    {
        JsonObject fields => $"{{{string.Join(',', fields.Select(field => $"\"{field.Key}\":{Canonical(field.Value)}"))}}}",
        JsonArray list => $"[{string.Join(',', list.Select(Canonical))}]",
        JsonValue number when number.GetValueKind() == JsonValueKind.Number =>
            ((double)number).ToString("R", System.Globalization.CultureInfo.InvariantCulture),
        _ => value?.ToJsonString() ?? "null",
    };

    [Fact]
    public void ProblemExamples_All_AreProblemsOfTheirStatus()
    {
        var check = new SchemaCheck(document);
        foreach (var path in document.Json["paths"]!.AsObject())
            foreach (var operation in path.Value!.AsObject())
                foreach (var (status, response) in operation.Value!["responses"]!.AsObject()
                    .Where(response => response.Value!["$ref"] is not null))
                {
                    var content = document.Resolve((string)response!["$ref"]!)!["content"]![MediaTypeOf(path.Key)]!;
                    Assert.Equal(status, content["example"]!["status"]!.ToJsonString());
                    Assert.True(check.Fits(content["example"], content["schema"]!), $"{path.Key} {status}");
                }
    }

    /// <summary>A request that fails so, for each response that shows a problem: its path, what it posts (null = asks), and its
    /// headers.</summary>
    public static TheoryData<string, string, string?, string> Failures => new()
    {
        { "InvalidJson", Native, """{"logits": [[2.0, NaN, 0.1]], "labels": [0]}""", "" },
        { "UnknownLoss", "/v1/losses/cros_entropy", null, "" },
        { "NotAcceptable", Native, "{}", "Accept: text/html" },
        { "PayloadTooLarge", Native, "{}", $"Content-Length: {new Limits().BodyBytes + 1L}" },
        { "UnsupportedMediaType", Native, "{}", "Content-Type: text/csv" },
        { "InvalidBatch", Native, """{"logits": [[2.0, 1.0, 0.1], [0.3, 2.2, 0.4], [1.5, -0.5, 0.2]], "labels": [0, 7, -1]}""", "" },
        { "InferInvalidJson", Infer, """{"inputs": [{"name": "logits", "shape": [1, 3], "datatype": "FP32", "data": [2.0, NaN, 0.1]}]}""",
            "" },
        { "UnknownModel", "/v2/models/cros_entropy/infer", "{}", "" },
        { "UnknownModel", "/v2/models/cros_entropy", null, "" },
        { "UnknownModel", "/v2/models/cros_entropy/ready", null, "" },
        { "InferPayloadTooLarge", Infer, "{}", $"Content-Length: {new Limits().BodyBytes + 1L}" },
        { "InferInvalidBatch", Infer,
            """{"inputs": [{"name": "logits", "shape": [2, 3], "datatype": "FP32", "data": [2, 1, 0.1, 0.3, 2.2, 0.4]}, {"name": "labels", "shape": [2], "datatype": "INT64", "data": [7, -1]}]}""", "" },
    };

    [Theory, MemberData(nameof(Failures))]
    public async Task ProblemExample_WhereARequestFailsSo_IsTheAnswer(string response, string path, string? body, string header)
    {
        var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, path);
        if (body is not null) request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        if (header.Split(": ") is [var name, var value])
        {
            // a header of the content or of the request, in place of the one that is there
            var isOfContent = name.StartsWith("Content-", StringComparison.Ordinal);
            if (isOfContent) request.Content!.Headers.Remove(name);
            HttpHeaders headers = isOfContent ? request.Content!.Headers : request.Headers;
            Assert.True(headers.TryAddWithoutValidation(name, value));
            // a body that is shorter than its Content-Length is not sent, since the service refuses it before
            request.Headers.ExpectContinue = name == "Content-Length";
        }

        var (status, answer) = await document.SendAsync(request);

        var example = document.Resolve($"#/components/responses/{response}")!["content"]![MediaTypeOf(path)]!["example"]!;
        Assert.True(JsonNode.DeepEquals(example, answer), $"the document should show {answer.ToJsonString()}");
        Assert.Equal(status, (int)example["status"]!);
        // where the Open Inference Protocol's clients look
        Assert.Equal(path.StartsWith("/v2", StringComparison.Ordinal) ? (string)answer["detail"]! : null, (string?)example["error"]);
    }

    [Fact]
    public void ProblemExamples_All_AreHeldToAnAnswer() => Assert.Equal(
        document.Json["components"]!["responses"]!.AsObject().Select(response => response.Key).Order(StringComparer.Ordinal),
        Failures.Select(failure => failure.Data.Item1).Distinct().Order(StringComparer.Ordinal));

    /// <summary>The protocol's clients read problems in plain JSON alone.</summary>
    private static string MediaTypeOf(string path) =>
        path.StartsWith("/v2", StringComparison.Ordinal) ? "application/json" : "application/problem+json";

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
