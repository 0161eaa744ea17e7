using System.Text;
using System.Text.Json;
using LossService.Tests.Support;

namespace LossService.Tests.Formats.Ndjson;

/// <summary>The last line of a stream is what one request with all its samples would have been answered.</summary>
public sealed class NdjsonSummaryTests(TestService service)
{
    private const string Path = "/v1/losses/cross_entropy";

    [Theory]
    [InlineData("")]
    [InlineData(",\"mean_over\":\"samples\"")]
    [InlineData(",\"unit\":\"bits\"")]
    public async Task Summary_OfLinesReducedInEveryWay_IsThatOfOneBatch(string over)
    {
        var rows = Enumerable.Range(0, 60).Select(i => FormattableString.Invariant($"[{Math.Sin(i)},{Math.Cos(i * 3)}]")).ToArray();
        var weights = Enumerable.Range(0, 60).Select(i => FormattableString.Invariant($"{i % 5 / 4.0}")).ToArray();
        var reductions = (string[])["\"reduction\":\"mean\"", "\"reduction\":\"sum\"", "\"reduction\":\"none\""];
        string Batch(Range part, string reduction) =>
            $$"""{"logits":[{{string.Join(',', rows[part])}}],"labels":[{{string.Join(',', rows[part].Select((_, i) => i % 2))}}],"sample_weight":[{{string.Join(',', weights[part])}}],"dtype":"float64",{{reduction}}}""";

        var lines = await StreamAsync(string.Join('\n', Enumerable.Range(0, 10)
            .Select(i => Batch((6 * i)..(6 * i + 6), reductions[i % 3] + over))));
        var whole = JsonDocument.Parse((await service.PostAsync(Path, Batch(.., "\"reduction\":\"mean\"" + over))).Body).RootElement;
        var summary = JsonDocument.Parse(lines[^1]).RootElement.GetProperty("summary");

        Assert.Equal(0, summary.GetProperty("failed").GetInt32());
        var (expected, totals) = (whole.GetProperty("totals"), summary.GetProperty("totals"));
        Assert.Equal(expected.GetProperty("samples").GetRawText(), totals.GetProperty("samples").GetRawText());
        Assert.Equal(expected.GetProperty("weight").GetRawText(), totals.GetProperty("weight").GetRawText());
        // each line's own loss is rounded once, so that ten of them are within ten half units of the whole's
        Assert.Equal(expected.GetProperty("loss").GetDouble(), totals.GetProperty("loss").GetDouble(),
            expected.GetProperty("loss").GetDouble() * 1e-15);
        Assert.Equal(whole.GetProperty("loss").GetDouble(), summary.GetProperty("loss").GetDouble(),
            whole.GetProperty("loss").GetDouble() * 1e-15);
    }

    [Fact]
    public async Task Summary_OfWeightsThatCancel_LosesNothing()
    {
        var weights = (string[])["1e16", "1", "-1e16", "1e-9"];
        var lines = await StreamAsync(string.Join('\n', weights.Select(weight =>
            $$"""{"logits":[[0,0]],"labels":[0],"sample_weight":[{{weight}}],"reduction":"sum","dtype":"float64"}""")));
        var totals = JsonDocument.Parse(lines[^1]).RootElement.GetProperty("summary").GetProperty("totals");
        Assert.Equal(1 + 1e-9, totals.GetProperty("weight").GetDouble());
    }

    [Fact]
    public async Task Summary_OfAnInfiniteLoss_IsWrittenAsTheScoresAre()
    {
        var lines = await StreamAsync("""{"logits":[["-Infinity",0]],"labels":[0]}""");
        Assert.Contains("\"loss\":\"Infinity\"", lines[0], StringComparison.Ordinal);
        Assert.Equal("Infinity", JsonDocument.Parse(lines[1]).RootElement.GetProperty("summary").GetProperty("loss").GetString());
    }

    [Fact]
    public async Task Summary_OfMeansOverSamples_DividesBySamples()
    {
        const string Over = "\"mean_over\":\"samples\",\"dtype\":\"float64\"";
        var lines = await StreamAsync(
            $$"""{"logits":[[2,1],[1,3]],"labels":[0,0],"sample_weight":[1,3],{{Over}}}""" + "\n"
            + $$"""{"logits":[[0,1]],"labels":[0],"sample_weight":[5],{{Over}}}""");
        var whole = await service.PostAsync(Path, $$"""{"logits":[[2,1],[1,3],[0,1]],"labels":[0,0,0],"sample_weight":[1,3,5],{{Over}}}""");
        var loss = Summary(lines).GetProperty("loss").GetDouble();
        Assert.Equal(4.4201, loss, 1e-4);
        Assert.Equal(JsonDocument.Parse(whole.Body).RootElement.GetProperty("loss").GetDouble(), loss, 1e-15);
    }

    [Fact]
    public async Task Summary_OfLinesWithADivisor_DividesByIt()
    {
        const string Step = "\"divisor\":8,\"dtype\":\"float64\"";
        var lines = await StreamAsync(
            $$"""{"logits":[[2,1],[1,3]],"labels":[0,0],{{Step}}}""" + "\n" + $$"""{"logits":[[0,1]],"labels":[0],{{Step}}}""");
        var whole = await service.PostAsync(Path, $$"""{"logits":[[2,1],[1,3],[0,1]],"labels":[0,0,0],{{Step}}}""");
        var expected = JsonDocument.Parse(whole.Body).RootElement.GetProperty("loss").GetDouble();
        Assert.Equal(expected, Summary(lines).GetProperty("loss").GetDouble(), 1e-15);
    }

    [Theory]
    [InlineData("unit", "\"bits\"", "\"nats\"")]
    [InlineData("divisor", "12.5", "null")]
    [InlineData("mean_over", "\"samples\"", "\"weight\"")]
    public async Task Line_OfAnotherUnitOrMean_IsRefusedAndNotSummedUp(string field, string value, string default_)
    {
        const string Line = """{"logits":[[2,1]],"labels":[0]}""";
        const string Invalid = """{"logits":[[2,1]],"labels":[7],"unit":"bits"}""";
        var other = $$"""{"logits":[[2,1]],"labels":[0],"{{field}}":{{value}}}""";

        // a line that fails says nothing of the stream
        var lines = await StreamAsync($"{Invalid}\n{Line}\n{other}\n{Line}\n");
        var error = JsonDocument.Parse(lines[2]).RootElement.GetProperty("error");
        Assert.Equal((422, "invalid-batch"), (error.GetProperty("status").GetInt32(), error.GetProperty("type").GetString()));
        var first = Assert.Single(error.GetProperty("errors").EnumerateArray());
        Assert.Equal($"#/{field}", first.GetProperty("pointer").GetString());
        Assert.Contains($"expected {field} {default_}, as in the first valid line, got {value}",
            first.GetProperty("detail").GetString()!, StringComparison.Ordinal);
        Assert.Contains("\"totals\"", lines[3], StringComparison.Ordinal);
        var summary = Summary(lines);
        Assert.Equal((4, 2), (summary.GetProperty("lines").GetInt32(), summary.GetProperty("failed").GetInt32()));
        Assert.Equal(2, summary.GetProperty("totals").GetProperty("samples").GetInt32());

        // the other way round, the others are refused
        lines = await StreamAsync($"{other}\n{Line}\n{other}");
        Assert.Equal(1, Summary(lines).GetProperty("failed").GetInt32());
        Assert.Contains("\"error\"", lines[1], StringComparison.Ordinal);
    }

    /// <summary>The same text as that of one request, however the rows are split into lines.</summary>
    [Theory]
    [InlineData("cross_entropy", "\"top_k\":[1,3],\"bins\":7")]
    [InlineData("brier", "\"class_weight\":[1,2,3]")]
    [InlineData("binary_cross_entropy", "\"bins\":10")]
    [InlineData("asymmetric", "\"calibration\":\"predicted\"")]
    [InlineData("hinge", "\"bins\":1")]
    [InlineData("focal", "\"class_wise_calibration\":true,\"bins\":4")]
    [InlineData("binary_brier", "\"class_wise_calibration\":true,\"per_class\":true")]
    public async Task Metrics_OfAnySplit_AreThoseOfOneRequest(string loss, string options)
    {
        const int Rows = 40;
        var isBinary = loss is "binary_cross_entropy" or "asymmetric" or "hinge" or "binary_brier";
        var random = new Random(3);
        string Row(Func<string> element) => $"[{string.Join(',', Enumerable.Range(0, 3).Select(_ => element()))}]";
        string Logit() => FormattableString.Invariant($"{6 * random.NextDouble() - 3}");
        string[] logits = [.. Enumerable.Range(0, Rows).Select(_ => Row(Logit))];
        string[] labels = [.. Enumerable.Range(0, Rows).Select(_ => isBinary ? Row(() => $"{random.Next(2)}") : $"{random.Next(3)}")];
        string[] weights = [.. Enumerable.Range(0, Rows).Select(_ => isBinary ? Row(() => $"{random.Next(4)}") : $"{random.Next(4)}")];
        string Batch(Range part) => $$"""
            {"logits":[{{string.Join(',', logits[part])}}],"labels":[{{string.Join(',', labels[part])}}],"sample_weight":[{{string.Join(',', weights[part])}}],"outputs":["metrics"],{{options}}}
            """.Trim();

        var whole = JsonDocument.Parse((await service.PostAsync($"/v1/losses/{loss}", Batch(..))).Body).RootElement;
        foreach (var size in (int[])[1, 7, 20, Rows])
        {
            var lines = await StreamAsync(string.Join('\n', Enumerable.Range(0, Rows).Where(i => i % size == 0)
                .Select(i => Batch(i..int.Min(i + size, Rows)))), loss);
            Assert.Equal(0, Summary(lines).GetProperty("failed").GetInt32());
            Assert.Equal(whole.GetProperty("metrics").GetRawText(), Summary(lines).GetProperty("metrics").GetRawText());
        }
        // what is printed is made of what is printed beside it
        var (metrics, totals) = (whole.GetProperty("metrics"), whole.GetProperty("metrics").GetProperty("totals"));
        var weight = totals.GetProperty("weight").GetDouble();
        Assert.Equal(metrics.GetProperty("accuracy").GetDouble(), totals.GetProperty("correct").GetDouble() / weight);
        Assert.Equal(Math.Log(metrics.GetProperty("perplexity").GetDouble()),
            totals.GetProperty("cross_entropy").GetDouble() / weight, 1e-14);
        if (!totals.TryGetProperty("top_k_correct", out var correct)) return;
        foreach (var k in correct.EnumerateObject())
            Assert.Equal(metrics.GetProperty("top_k_accuracy").GetProperty(k.Name).GetDouble(), k.Value.GetDouble() / weight);
    }

    [Theory]
    [InlineData("\"outputs\":[\"loss\"]")]
    [InlineData("\"outputs\":[\"metrics\"],\"bins\":3")]
    [InlineData("\"outputs\":[\"metrics\"],\"top_k\":1")]
    public async Task Metrics_OfALineWithOthers_AreNotSummedUp(string other)
    {
        const string Measured = """{"logits":[[2,1]],"labels":[0],"outputs":["metrics"]}""";
        var different = $$"""{"logits":[[2,1]],"labels":[0],{{other}}}""";
        foreach (var stream in (string[])[$"{Measured}\n{different}\n{Measured}", $"{different}\n{Measured}"])
        {
            var summary = Summary(await StreamAsync(stream));
            Assert.Equal(0, summary.GetProperty("failed").GetInt32());
            Assert.False(summary.TryGetProperty("metrics", out _));
        }
        // a line that was not scored has no metrics to miss
        Assert.True(Summary(await StreamAsync($"{Measured}\n[]\n{Measured}")).TryGetProperty("metrics", out _));
    }

    private async Task<string[]> StreamAsync(string stream, string loss = "cross_entropy")
    {
        var answer = await service.PostAsync($"/v1/losses/{loss}", Encoding.UTF8.GetBytes(stream), "application/x-ndjson");
        Assert.Equal(200, answer.Status);
        Assert.EndsWith("\n", answer.Text, StringComparison.Ordinal);
        return answer.Text[..^1].Split('\n');
    }

    private static JsonElement Summary(string[] lines) => JsonDocument.Parse(lines[^1]).RootElement.GetProperty("summary");
}
