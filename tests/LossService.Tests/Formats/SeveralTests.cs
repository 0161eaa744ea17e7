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
            string[] outputs = ["losses", "gradient", .. loss.HasSecondDerivative ? (string[])["hessian"] : []];
            var asked = new JsonArray([.. outputs.Select(output => (JsonNode)output)]);
            var written = new WrittenBatch(BatchGenerator.Draw(loss, BatchSpace.Everything, seed), outputs);
            var alone = await service.PostAsync(written.Path, written.Body);
            Assert.True(alone.Status == 200, alone.Text);
            var (shared, own) = Split(written.Body);
            shared["losses"] = new JsonObject
            {
                ["first"] = With(own, ("loss", name), ("outputs", asked)),
                ["second"] = With(own, ("loss", name), ("weight", -2.5), ("outputs", asked)),
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
    public async Task Combined_WithAHessian_IsTheWeightedSum()
    {
        var answer = await ScoreAsync("""
            {"logits":[[2,1,0.1],[0.3,2.2,0.4]],"labels":[0,1],"dtype":"float64","outputs":["hessian"],"combined":true,
             "losses":{"cross_entropy":{"weight":0.5},"focal":{"weight":2}}}
            """);
        Assert.Equal(["loss", "hessian"], Names(answer.GetProperty("combined")));
        var (first, second) = (Numbers(answer.GetProperty("losses").GetProperty("cross_entropy").GetProperty("hessian")),
            Numbers(answer.GetProperty("losses").GetProperty("focal").GetProperty("hessian")));
        var actual = Numbers(answer.GetProperty("combined").GetProperty("hessian"));
        for (var i = 0; i < actual.Length; i++) Assert.Equal(0.5 * first[i] + 2 * second[i], actual[i], 1e-15);
    }

    /// <summary>A teacher and true labels in one request: each loss answers as it does alone.</summary>
    [Theory]
    [InlineData("label_logits", "[[3,1,0],[0,2,2.5]]")]
    [InlineData("label_log_probabilities", "[[-0.6931471805599453,-1.3862943611198906,-1.3862943611198906],[\"-Infinity\",0,-20]]")]
    public async Task Distillation_InOneRequest_IsTheWeightedSum(string form, string teacher)
    {
        const string Logits = "\"logits\":[[2,1,0.1],[0.3,2.2,0.4]],\"dtype\":\"float64\",\"outputs\":[\"loss\",\"gradient\"]";
        const string Soft = "\"temperature\":4,\"temperature_squared\":true";
        var (labels, teaching) = ("\"labels\":[0,2]", $"\"{form}\":{teacher}");
        var answer = await ScoreAsync($$"""{ {{Logits}},{{labels}},{{teaching}},"combined":true,"losses":{"""
            + $$""" "kl_divergence":{"labels_from":"{{form}}","weight":0.9,{{Soft}} },"""
            + """ "cross_entropy":{"labels_from":"labels","weight":0.1}}}""");
        (string Name, double Weight, string Members)[] parts =
            [("kl_divergence", 0.9, $"{teaching},{Soft}"), ("cross_entropy", 0.1, labels)];
        var expected = new double[7];
        foreach (var (name, weight, members) in parts)
        {
            var alone = await service.PostAsync($"{Path}/{name}", $"{{{Logits},{members}}}");
            Assert.Equal(alone.Text, answer.GetProperty("losses").GetProperty(name).GetRawText());
            var scores = JsonDocument.Parse(alone.Body).RootElement;
            double[] numbers = [scores.GetProperty("loss").GetDouble(), .. Numbers(scores.GetProperty("gradient"))];
            for (var i = 0; i < numbers.Length; i++) expected[i] += weight * numbers[i];
        }
        var combined = answer.GetProperty("combined");
        double[] actual = [combined.GetProperty("loss").GetDouble(), .. Numbers(combined.GetProperty("gradient"))];
        for (var i = 0; i < actual.Length; i++) Assert.Equal(expected[i], actual[i], 1e-15);
    }

    /// <summary>One batch with the classes on the first axis for one loss, and on the last for another.</summary>
    [Fact]
    public async Task Entries_WithOtherAxes_ReadTheSameBatch()
    {
        const string Batch = """
            "logits":[[1,2],[3,"NaN"]],"mask":[1,0],"labels":[0,0]
            """;
        var answer = await ScoreAsync(
            "{" + Batch + ",\"losses\":{\"cross_entropy\":{},\"across\":{\"loss\":\"cross_entropy\",\"class_axis\":0}}}");
        foreach (var (name, axis) in ((string, string)[])[("cross_entropy", ""), ("across", ",\"class_axis\":0")])
        {
            var alone = await service.PostAsync($"{Path}/cross_entropy", $"{{{Batch}{axis}}}");
            Assert.Equal(alone.Text, answer.GetProperty("losses").GetProperty(name).GetRawText());
        }
        (await service.PostAsync(Path, """
            {"logits":[[1,2],[3,"NaN"]],"mask":[1,0],"labels":[0,0],"losses":{"brier":{"class_axis":0},"focal":{"class_axis":0},"a":{"loss":"brier","class_axis":7}}}
            """)).IsInvalidBatch("#/losses/a/class_axis", "from -2 to 1");
    }

    [Fact]
    public async Task Metrics_OfAnEntry_AreThoseThatItsOptionsAskFor()
    {
        const string Batch = "\"logits\":[[2,1,0.1],[0.3,2.2,0.4]],\"labels\":[0,2],\"outputs\":[\"metrics\"]";
        const string Options = "\"per_class\":true,\"confusion_matrix\":true,\"fit_temperature\":true,\"top_k\":2,"
            + "\"class_wise_calibration\":true,\"equal_mass_calibration\":true";
        var answer = await ScoreAsync($"{{{Batch},\"losses\":{{\"brier\":{{{Options}}},\"focal\":{{}}}}}}");
        var alone = await service.PostAsync($"{Path}/brier", $"{{{Batch},{Options}}}");
        Assert.Equal(alone.Text, answer.GetProperty("losses").GetProperty("brier").GetRawText());
        Assert.False(answer.GetProperty("losses").GetProperty("focal").GetProperty("metrics").TryGetProperty("per_class", out _));
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

    [Fact]
    public async Task Labels_OfBinaryLossesAlone_MayBeBooleans() => await ScoreAsync(
        """{"logits":[2,-1],"labels":[true,false],"losses":{"hinge":{},"binary_brier":{}}}""");

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
