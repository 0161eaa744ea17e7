using System.Text.Json;
using System.Text.Json.Nodes;
using LossService.Core.Losses;
using LossService.Requests;
using LossService.Tests.Formats.Numpy;
using LossService.Tests.Shared;
using LossService.Tests.Support;

namespace LossService.Tests.Formats;

/// <summary>Several losses over one batch answer as each does alone, and combine to their weighted sum.</summary>
public sealed class SeveralTests(TestService service)
{
    private const string Path = "/v1/losses";

    /// <summary>Every loss with random options, twice under other names, beside one without options.</summary>
    [Theory, MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public async Task Entry_OfAnyLoss_AnswersAsItDoesAlone(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        for (var seed = 0; seed < 6; seed++)
        {
            var written = new WrittenBatch(BatchGenerator.Draw(loss, BatchSpace.Everything, seed), "losses", "gradient");
            var alone = await service.PostAsync(written.Path, written.Body);
            Assert.True(alone.Status == 200, alone.Text);
            var (shared, own) = Split(written.Body);
            shared["losses"] = new JsonObject
            {
                ["first"] = With(own, ("loss", name), ("outputs", new JsonArray("losses", "gradient"))),
                ["second"] = With(own, ("loss", name), ("weight", -2.5), ("outputs", new JsonArray("losses", "gradient"))),
                ["third"] = new JsonObject { ["loss"] = name, ["outputs"] = new JsonArray("losses") },
            };
            var answer = await service.PostAsync(Path, shared.ToJsonString());
            Assert.True(answer.Status == 200, answer.Text);
            var losses = JsonDocument.Parse(answer.Body).RootElement.GetProperty("losses");
            Assert.Equal(["first", "second", "third"], losses.EnumerateObject().Select(entry => entry.Name));
            var expected = WithoutNotices(alone.Text);
            Assert.Equal(expected, losses.GetProperty("first").GetRawText());
            Assert.Equal(expected, losses.GetProperty("second").GetRawText());
        }
    }

    [Theory]
    [InlineData("float32", 1e-7)]
    [InlineData("float64", 1e-15)]
    public async Task Combined_OfSeveral_IsTheWeightedSum(string dtype, double tolerance)
    {
        var answer = await ScoreAsync($$$$"""
            {"logits":[[2,1,0.1],[0.3,2.2,0.4]],"labels":[[1,0,0],[0,1,0]],"dtype":"{{{{dtype}}}}","outputs":["loss","gradient"],"combined":true,
             "losses":{"cross_entropy":{"weight":0.9},"binary_brier":{"weight":3},"entropy":{"weight":-0.25},"focal":{"weight":0}}}
            """);
        (string Name, double Weight)[] parts = [("cross_entropy", 0.9), ("binary_brier", 3), ("entropy", -0.25)];
        var losses = answer.GetProperty("losses");
        var combined = answer.GetProperty("combined");
        Assert.Equal(
            parts.Sum(part => part.Weight * losses.GetProperty(part.Name).GetProperty("loss").GetDouble()),
            combined.GetProperty("loss").GetDouble(), 1e-15);
        var gradients = parts.Select(part => Numbers(losses.GetProperty(part.Name).GetProperty("gradient"))).ToArray();
        var actual = Numbers(combined.GetProperty("gradient"));
        for (var i = 0; i < actual.Length; i++)
            Assert.Equal(parts.Select((part, j) => part.Weight * gradients[j][i]).Sum(), actual[i], tolerance);
    }

    [Fact]
    public async Task Combined_ByDefault_HasTheOnlyGradient()
    {
        var answer = await ScoreAsync(
            """{"logits":[[2,1]],"labels":[0],"losses":{"cross_entropy":{},"brier":{"outputs":["losses"]}},"combined":true}""");
        Assert.Equal(["loss", "totals"], Names(answer.GetProperty("losses").GetProperty("cross_entropy")));
        Assert.Equal(["losses", "totals"], Names(answer.GetProperty("losses").GetProperty("brier")));
        Assert.Equal(["loss", "gradient"], Names(answer.GetProperty("combined")));
        answer = await ScoreAsync("""{"logits":[[2,1]],"labels":[0],"losses":{"brier":{}},"outputs":["loss"],"combined":true}""");
        Assert.Equal(["loss"], Names(answer.GetProperty("combined")));
    }

    [Fact]
    public async Task Combined_OfAMeanOverNothing_IsNullUnlessItsWeightIsZero()
    {
        const string Batch = """{"logits":[[2,1]],"labels":[0],"combined":true,"losses":{"brier":{},"cross_entropy":{"ignore_index":0,"weight":""";
        var answer = await ScoreAsync(Batch + "1}}}");
        Assert.Equal(JsonValueKind.Null, answer.GetProperty("combined").GetProperty("loss").ValueKind);
        answer = await ScoreAsync(Batch + "0}}}");
        Assert.Equal(answer.GetProperty("losses").GetProperty("brier").GetProperty("loss").GetDouble(),
            answer.GetProperty("combined").GetProperty("loss").GetDouble());
    }

    [Fact]
    public async Task Combined_OfASmallPenaltyAndAnInfiniteLoss_IsInfinite()
    {
        var answer = await ScoreAsync("""
            {"logits":[["-Infinity",1]],"labels":[0],"combined":true,"losses":{"cross_entropy":{},"entropy":{"weight":-1}}}
            """);
        Assert.Equal("Infinity", answer.GetProperty("combined").GetProperty("loss").GetString());
    }

    public static TheoryData<string, string, string> Refusals => new()
    {
        { """ "losses":{"cross_entropy":{"temprature":2}} """, "#/losses/cross_entropy/temprature", "did you mean \"temperature\"?" },
        { """ "losses":{"cross_entropy":{"temperature":-2}} """, "#/losses/cross_entropy/temperature", "from 1e-20 to 1e20" },
        { """ "losses":{"cross_entropy":{"class_weight":[1]}} """, "#/losses/cross_entropy/class_weight", "there are 2 classes" },
        { """ "losses":{"cross_entropy":{"weight":"much"}} """, "#/losses/cross_entropy/weight", "expected a number, got \"much\"" },
        { """ "losses":{"cross_entropy":{"weight":1e-200}} """, "#/losses/cross_entropy/weight", "1e-100" },
        { """ "losses":{"cross_entropy":{"reduction":"sum"}} """, "#/losses/cross_entropy/reduction", "shared by all losses" },
        { """ "losses":{"cross_entropy":{"logits":[[1,2]]}} """, "#/losses/cross_entropy/logits", "shared by all losses" },
        { """ "losses":{"cross_entropy":{"outputs":[]}} """, "#/losses/cross_entropy/outputs", "outputs is empty" },
        { """ "losses":{"brier":{"unit":"bits"}} """, "#/losses/brier/unit", "not an amount of information" },
        { """ "losses":{"cross_entropy":{"labels_from":"label"}} """, "#/losses/cross_entropy/labels_from", "expected \"labels\"" },
        { """ "losses":{"cross_entropy":{},"entropy":{"labels_from":"labels"}} """, "#/losses/entropy/labels_from", "takes no labels" },
        { """ "losses":{"entropy":{}} """, "#/labels", "none of the losses reads labels" },
        { """ "losses":{"bce":{}} """, "#/losses/bce", "did you mean \"binary_cross_entropy\"" },
        { """ "losses":{"a":{"loss":"crossentropy"}} """, "#/losses/a/loss", "did you mean \"cross_entropy\"" },
        { """ "losses":{"a":{"loss":7}} """, "#/losses/a/loss", "no loss" },
        { """ "losses":{"focal":{"loss":"brier"}} """, "#/losses/focal/loss", "the name of another loss" },
        { """ "losses":{"brier":{},"brier":{}} """, "#/losses/brier", "duplicate loss" },
        { """ "losses":{"brier":{"clip":0.1,"clip":0.1}} """, "#/losses/brier/clip", "duplicate field" },
        { """ "losses":{"brier":7} """, "#/losses/brier", "expected an object with options, got 7" },
        { """ "losses":{"a.b":{"loss":"brier"}} """, "#/losses", "got \"a.b\"" },
        { """ "losses":{"":{"loss":"brier"}} """, "#/losses", "got \"\"" },
        { """ "losses":["brier"] """, "#/losses", "got an array" },
        { """ "losses":{} """, "#", "losses are missing" },
        { """ "losses":null """, "#", "losses are missing" },
        { """ "losses":{"brier":{}},"combined":1 """, "#/combined", "expected true or false" },
        { """ "losses":{"brier":{}},"combined":true,"reduction":"none" """, "#/combined", "there are none" },
        { """ "losses":{"brier":{}},"temperature":2 """, "#/temperature", "belongs to one loss" },
        { """ "losses":{"brier":{}},"unit":"bits" """, "#/unit", "belongs to one loss" },
        { """ "losses":{"brier":{}},"loses":{} """, "#/loses", "did you mean \"losses\"?" },
        { """ "losses":{"brier":{}},"y_true":[0] """, "#/y_true", "use labels" },
        { """ "losses":{"brier":{}},"probabilities":[[1,0]] """, "#/probabilities", "expected one form" },
        { """ "losses":{"brier":{}},"sample_weight":[1,2] """, "#/sample_weight", "the samples have [1]" },
        { """ "losses":{"brier":{},"focal":{}},"outputs":["speed"] """, "#/outputs/0", "unknown output" },
        { """ "losses":{"brier":{},"binary_brier":{}} """, "#/labels", "one label for each element" },
    };

    [Theory, MemberData(nameof(Refusals))]
    public async Task Request_Invalid_IsRefusedAtItsPlace(string members, string pointer, string words) =>
        (await service.PostAsync(Path, $$"""{"logits":[[2,1]],"labels":[0],{{members}}}""")).IsInvalidBatch(pointer, words);

    [Fact]
    public async Task Error_OfASharedTensor_IsSaidOnce()
    {
        var problem = (await service.PostAsync(Path, """{"logits":[[2,1]],"labels":[7],"losses":{"brier":{},"focal":{},"cross_entropy":{}}}"""))
            .IsInvalidBatch("#/labels/0", "class index 7 is outside 0..1");
        Assert.Equal(1, problem.GetProperty("total_errors").GetInt32());
        problem = (await service.PostAsync(Path, """{"logits":[[2,1]],"losses":{"brier":{},"focal":{}}}"""))
            .IsInvalidBatch("#", "labels are missing");
        Assert.Equal(1, problem.GetProperty("total_errors").GetInt32());
    }

    [Fact]
    public async Task Losses_MoreThanTheLimit_AreRefused()
    {
        using var small = new TestService(host => host.UseSetting("Limits:Losses", "2"));
        (await small.PostAsync(Path, "{\"logits\":[[2,1]],\"labels\":[0],\"losses\":{" + Entries(3) + "}}"))
            .IsInvalidBatch("#/losses", "at most 2");
    }

    [Fact]
    public async Task Memory_ForAllTogether_IsAskedForBefore()
    {
        using var small = new TestService(host => host.UseSetting("Limits:MemoryBytes", "4000000"));
        var row = string.Join(',', Enumerable.Repeat("[1,2]", 50_000));
        var labels = string.Join(',', Enumerable.Repeat("0", 50_000));
        string Body(int count) => $"{{\"logits\":[{row}],\"labels\":[{labels}],\"outputs\":[\"loss\",\"gradient\"],\"losses\":{{"
            + Entries(count) + "}}";
        Assert.Equal(200, (await small.PostAsync(Path, Body(1))).Status);
        (await small.PostAsync(Path, Body(12))).IsProblem(413, "payload-too-large");
    }

    [Fact]
    public async Task Summary_OfAStream_IsThatOfEachLossAlone()
    {
        const string First = """{"logits":[[2,1],[1,3]],"labels":[0,0]""", Second = """{"logits":[[0,1]],"labels":[1]""";
        const string Options = "\"outputs\":[\"loss\",\"metrics\"]";
        var answer = await StreamAsync(Path, string.Join('\n', ((string[])[First, Second]).Select(line =>
            line + ",\"combined\":true," + Options + """,  "losses":{"cross_entropy":{},"smooth":{"loss":"brier","weight":2}}}""")));
        var summary = answer[^1].GetProperty("summary");
        double[] means = [0, 0];
        foreach (var (i, name, loss) in ((int, string, string)[])[(0, "cross_entropy", "cross_entropy"), (1, "smooth", "brier")])
        {
            var alone = (await StreamAsync($"{Path}/{loss}", $"{First},{Options}}}\n{Second},{Options}}}"))[^1].GetProperty("summary");
            var entry = summary.GetProperty("losses").GetProperty(name);
            Assert.Equal(alone.GetProperty("totals").GetRawText(), entry.GetProperty("totals").GetRawText());
            Assert.Equal(alone.GetProperty("metrics").GetRawText(), entry.GetProperty("metrics").GetRawText());
            means[i] = entry.GetProperty("loss").GetDouble();
            Assert.Equal(alone.GetProperty("loss").GetDouble(), means[i]);
        }
        Assert.Equal(means[0] + 2 * means[1], summary.GetProperty("combined").GetProperty("loss").GetDouble(), 1e-15);
        Assert.Equal(0, summary.GetProperty("failed").GetInt32());
    }

    [Theory]
    [InlineData("\"losses\":{\"brier\":{}}", "#/losses")]
    [InlineData("\"losses\":{\"brier\":{},\"a\":{\"loss\":\"brier\"}}", "#/losses")]
    [InlineData("\"losses\":{\"brier\":{\"weight\":2},\"a\":{\"loss\":\"focal\"}}", "#/losses/brier/weight")]
    [InlineData("\"losses\":{\"brier\":{},\"a\":{\"loss\":\"focal\",\"unit\":\"bits\"}}", "#/losses/a/unit")]
    public async Task Line_WithOtherLosses_IsRefused(string losses, string pointer)
    {
        const string Line = """{"logits":[[2,1]],"labels":[0],"combined":true,""";
        const string First = "\"losses\":{\"brier\":{},\"a\":{\"loss\":\"focal\"}}";
        const string Turned = "\"losses\":{\"a\":{\"loss\":\"focal\"},\"brier\":{}}";
        var answer = await StreamAsync(Path, $"{Line}{First}}}\n{Line}{losses}}}\n{Line}{Turned}}}");
        var error = answer[1].GetProperty("error").GetProperty("errors")[0];
        Assert.Equal(pointer, error.GetProperty("pointer").GetString());
        Assert.Contains("as in the first valid line", error.GetProperty("detail").GetString()!, StringComparison.Ordinal);
        Assert.Equal(1, answer[^1].GetProperty("summary").GetProperty("failed").GetInt32());
    }

    [Fact]
    public async Task Numpy_WithSeveral_AnswersAsJsonDoes()
    {
        const string Losses = """{"cross_entropy":{"weight":0.5},"soft":{"loss":"cross_entropy","label_smoothing":0.1,"outputs":["losses"]}}""";
        var json = await ScoreAsync($$"""{"logits":[[2,1,0.5],[0.25,2.25,0.5]],"labels":[0,1],"losses":{{Losses}},"combined":true}""");
        (string, object)[] parts = [.. NumpyClient.Good, ("losses", Losses), ("combined", "true")];
        var client = new NumpyClient(service);
        Assert.Equal(json.GetRawText(), (await client.PostAsync(parts, path: "")).Text);
        var arrays = NpyFile.ReadArchive((await client.PostAsync(parts, NumpyClient.Npz, "")).Body);
        Assert.Equal(json.GetProperty("losses").GetProperty("cross_entropy").GetProperty("loss").GetDouble(),
            Assert.Single(arrays["cross_entropy.loss"].Numbers));
        Assert.Equal(
            Numbers(json.GetProperty("losses").GetProperty("soft").GetProperty("losses")), arrays["soft.losses"].Numbers.Select(Round));
        Assert.Equal(json.GetProperty("combined").GetProperty("loss").GetDouble(), Assert.Single(arrays["combined.loss"].Numbers));
        Assert.Equal(Numbers(json.GetProperty("combined").GetProperty("gradient")), arrays["combined.gradient"].Numbers.Select(Round));
    }

    [Fact]
    public async Task Arrow_WithSeveral_IsRefused() =>
        (await service.PostAsync(Path, [], "application/vnd.apache.arrow.stream")).IsProblem(415, "unsupported-media-type");

    private static string Entries(int count) =>
        string.Join(',', Enumerable.Range(0, count).Select(i => $"\"l{i}\":{{\"loss\":\"brier\"}}"));

    /// <summary>A float32 as its shortest text reads as a double.</summary>
    private static double Round(double number) => double.Parse(((float)number).ToString("R", null), null);

    private async Task<JsonElement> ScoreAsync(string body)
    {
        var answer = await service.PostAsync(Path, body);
        Assert.True(answer.Status == 200, answer.Text);
        return JsonDocument.Parse(answer.Body).RootElement;
    }

    private async Task<JsonElement[]> StreamAsync(string path, string lines)
    {
        var answer = await service.PostAsync(path, System.Text.Encoding.UTF8.GetBytes(lines), "application/x-ndjson");
        Assert.True(answer.Status == 200, answer.Text);
        return [.. answer.Text.Trim().Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
    }

    private static double[] Numbers(JsonElement nested) => nested.ValueKind == JsonValueKind.Array
        ? [.. nested.EnumerateArray().SelectMany(Numbers)] : [nested.GetDouble()];

    private static IEnumerable<string> Names(JsonElement json) => json.EnumerateObject().Select(member => member.Name);

    /// <summary>The members of a request that several losses share, and those of one.</summary>
    private static (JsonObject Shared, JsonObject Own) Split(string body)
    {
        var (shared, own) = (new JsonObject(), new JsonObject());
        foreach (var (name, value) in JsonNode.Parse(body)!.AsObject())
        {
            if (name == Fields.Outputs) continue;
            (Fields.Tensors.Contains(name) || Fields.HeaderOfSeveral.Contains(name) ? shared : own)[name] = value?.DeepClone();
        }
        return (shared, own);
    }

    private static JsonObject With(JsonObject own, params (string Name, JsonNode Value)[] members)
    {
        var entry = own.DeepClone().AsObject();
        foreach (var (name, value) in members) entry[name] = value.DeepClone();
        return entry;
    }

    private static string WithoutNotices(string scores)
    {
        var notices = scores.IndexOf(",\"notices\":", StringComparison.Ordinal);
        return notices < 0 ? scores : scores[..notices] + "}";
    }
}
