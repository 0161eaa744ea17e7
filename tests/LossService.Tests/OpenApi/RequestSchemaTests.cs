using System.Text.Json;
using System.Text.Json.Nodes;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Requests;
using LossService.Tests.Shared;
using LossService.Tests.Support;

namespace LossService.Tests.OpenApi;

/// <summary>The schemas say what the service takes: no more, no less.</summary>
public sealed class RequestSchemaTests(ServedDocument document) : IClassFixture<ServedDocument>
{
    [Theory, MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public async Task Examples_OfEveryLoss_FitTheirSchemas(string loss)
    {
        var check = new SchemaCheck(document);
        var (request, answer) = document.Schemas(loss);
        var example = LossCatalogue.Find(loss)!.Page.Example;
        var (_, scores) = await document.PostAsync($"/v1/losses/{loss}", With(example, "outputs", new JsonArray(
            [.. LossCatalogue.Find(loss)!.Outputs.Select(output => JsonValue.Create(output.Name))])));

        Assert.True(check.Fits(JsonNode.Parse(example), request), example);
        Assert.True(check.Fits(scores, answer), scores.ToJsonString());
    }

    [Theory, MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void GoldenRequests_OfEveryLoss_FitTheSchema(string loss)
    {
        var check = new SchemaCheck(document);
        var schema = document.Schemas(loss).Request;
        var whole = JsonNode.Parse(Committed.Read($"tests/LossService.Tests/Golden/{loss}.json"))!.AsArray()
            .Where(golden => golden!["generator"] is null).ToArray();

        Assert.NotEmpty(whole);
        Assert.All(whole, golden => Assert.True(check.Fits(golden!["request"], schema), (string)golden!["name"]!));
    }

    [Theory, MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public async Task Members_OfTheSchema_AreThoseThatAreRead(string loss)
    {
        var properties = Properties(loss).Select(property => property.Key).ToHashSet();
        var everyMember = LossCatalogue.All.SelectMany(Fields.GetNames).Distinct();

        foreach (var member in everyMember)
        {
            // an object fits no member, so every one is found wrong: by its value where it is known, else by its name
            var (status, problem) = await document.PostAsync($"/v1/losses/{loss}",
                new JsonObject { [member] = new JsonObject() }.ToJsonString());
            Assert.Equal(422, status);
            var isUnknown = problem["errors"]!.AsArray().Any(error => ((string)error!["detail"]!) is var detail
                && (detail.StartsWith("unknown field", StringComparison.Ordinal)
                    || detail.StartsWith($"{member} is not an option", StringComparison.Ordinal)));
            // the unit and the tensors are read for every loss, and refused by those that have no use for them
            if (member != Fields.Unit && !Fields.Tensors.Contains(member)) Assert.Equal(properties.Contains(member), !isUnknown);
        }
    }

    [Theory, MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public async Task UnknownMember_Added_IsRefusedByBoth(string loss)
    {
        var body = With(LossCatalogue.Find(loss)!.Page.Example, "label_smothing", 0.1);
        Assert.False(new SchemaCheck(document).Fits(JsonNode.Parse(body), document.Schemas(loss).Request));
        Assert.Equal(422, (await document.PostAsync($"/v1/losses/{loss}", body)).Status);
    }

    [Theory, MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public async Task Default_Posted_ChangesNothing(string loss)
    {
        var example = LossCatalogue.Find(loss)!.Page.Example;
        var (_, page) = await document.GetAsync($"/v1/losses/{loss}");
        foreach (var (name, schema) in page["options_schema"]!["properties"]!.AsObject())
        {
            // some options go with other predictions than the example has
            if (schema!["default"] is not { } value || !IsUsable(loss, name)) continue;
            var (_, expected) = await document.PostAsync($"/v1/losses/{loss}", Without(example, name));
            var (status, answer) = await document.PostAsync($"/v1/losses/{loss}", With(example, name, value.DeepClone()));
            Assert.Equal(200, status);
            Assert.Equal(expected.ToJsonString(), answer.ToJsonString());
        }
    }

    [Theory, MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public async Task Bound_Passed_IsRefusedByBoth(string loss)
    {
        var check = new SchemaCheck(document);
        var (request, _) = document.Schemas(loss);
        foreach (var (name, schema) in Properties(loss))
        {
            foreach (var past in Past(schema!))
            {
                var body = With(LossCatalogue.Find(loss)!.Page.Example, name, past);
                Assert.False(check.Fits(JsonNode.Parse(body), request), body);
                var (status, problem) = await document.PostAsync($"/v1/losses/{loss}", body);
                Assert.Equal(422, status);
                Assert.Contains(problem["errors"]!.AsArray(), error =>
                    ((string)error!["pointer"]!).StartsWith($"#/{name}", StringComparison.Ordinal));
            }
        }
    }

    [Theory, MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public async Task OptionsSchema_OnThePage_IsTheDocuments(string loss)
    {
        var (_, page) = await document.GetAsync($"/v1/losses/{loss}");
        var options = page["options_schema"]!["properties"]!.AsObject();

        Assert.True(new SchemaCheck(document).Fits(page, document.Resolve("#/components/schemas/LossPage")!));
        Assert.Equal(page["options"]!.AsArray().Select(name => (string)name!), options.Select(option => option.Key));
        foreach (var (name, schema) in options)
        {
            var promised = schema!.DeepClone().AsObject();
            // the document says a default in words alone, and names a choice of words that losses share
            promised.Remove("default");
            var property = Properties(loss)[name]!;
            if (property["oneOf"]?[0]?["$ref"] is { } reference)
            {
                Assert.Equal((string)promised["description"]!, (string)property["description"]!);
                Assert.Equal(
                    promised["enum"]!.AsArray().Where(word => word is not null).Select(word => (string)word!),
                    document.Resolve((string)reference!)!["enum"]!.AsArray().Select(word => (string)word!));
                continue;
            }
            Assert.True(JsonNode.DeepEquals(promised, property), name);
        }
    }

    [Fact]
    public void Members_ThatMayBeLeftOut_HaveNoDefaultAndMayBeNull()
    {
        var check = new SchemaCheck(document);
        foreach (var (name, schema) in document.Json["components"]!["schemas"]!.AsObject()
            .Where(schema => schema.Key.EndsWith("Request", StringComparison.Ordinal)))
        {
            var required = schema!["required"]?.AsArray().Select(member => (string)member!).ToHashSet() ?? [];
            foreach (var (member, property) in schema["properties"]!.AsObject())
            {
                Assert.Null(property!["default"]);
                Assert.Equal(!required.Contains(member), check.Fits(null, property));
            }
            Assert.Null(schema["oneOf"] ?? schema["anyOf"]);
        }
    }

    private JsonObject Properties(string loss) =>
        document.Resolve((string)document.Schemas(loss).Request["$ref"]!)!["properties"]!.AsObject();

    private static string With(string example, string member, JsonNode? value)
    {
        var body = JsonNode.Parse(example)!.AsObject();
        body[member] = value;
        return body.ToJsonString();
    }

    private static string Without(string example, string member)
    {
        var body = JsonNode.Parse(example)!.AsObject();
        body.Remove(member);
        return body.ToJsonString();
    }

    private static bool IsUsable(string loss, string name)
    {
        var found = LossCatalogue.Find(loss)!;
        var option = found.Options.FirstOrDefault(option => option.Name == name);
        if (option?.OnlyWithLabels is { } labels && labels != TargetForm.Labels) return false;
        var only = option?.OnlyWith;
        return only is null || JsonNode.Parse(found.Page.Example)!.AsObject().ContainsKey(PredictionForms.Name(only.Value));
    }

    /// <summary>Values just outside a schema's range, for a number or for each place of a list.</summary>
    private static IEnumerable<JsonNode> Past(JsonNode schema)
    {
        if (schema["oneOf"] is JsonArray choices) return choices.SelectMany(choice => Past(choice!));
        List<JsonNode> past = [];
        if (schema["items"] is { } items) past.AddRange(Past(items).Select(past => (JsonNode)new JsonArray(past)));
        if (Bound("minimum") is { } minimum) past.Add(minimum - 1);
        if (Bound("maximum") is { } maximum) past.Add(Math.Max(maximum + 1, 2 * maximum));
        if (Bound("exclusiveMinimum") is { } above) past.Add(above);
        if (Bound("exclusiveMaximum") is { } below) past.Add(below);
        return past;

        double? Bound(string keyword) => schema[keyword]?.GetValueKind() == JsonValueKind.Number ? (double)schema[keyword]! : null;
    }
}
