using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LossService.Tests.Formats.Json;
using LossService.Tests.Shared;
using LossService.Tests.Support;

namespace LossService.Tests.Formats;

/// <summary>What overlap losses have of their own over HTTP: outputs of classes, and what they refuse.</summary>
public sealed class OverlapTests(TestService service)
{
    [Theory, MemberData(nameof(LossTheories.Overlap), MemberType = typeof(LossTheories))]
    public async Task Output_ThatAnOverlapLacks_IsRefusedAtItsPlace(string loss)
    {
        const string Batch = "\"logits\":[[2,1],[0,1]],\"labels\":[0,1]";
        foreach (var (output, words) in new[]
        {
            ("metrics", $"{loss} has no output metrics; it has loss, losses, gradient, probabilities, sums"),
            ("hessian", $"{loss} has no hessian; these have: "),
            ("entropy", $"{loss} has no output entropy; it has "),
        })
        {
            var answer = await service.PostAsync($"/v1/losses/{loss}", $$"""{{{Batch}},"outputs":["loss","{{output}}"]}""");
            var error = Assert.Single(answer.IsProblem(422, "invalid-batch").GetProperty("errors").EnumerateArray());
            Assert.StartsWith("#/outputs", error.GetProperty("pointer").GetString(), StringComparison.Ordinal);
            Assert.StartsWith(words, error.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
        var sums = await service.PostAsync("/v1/losses/cross_entropy", $$"""{{{Batch}},"outputs":["sums"]}""");
        Assert.Contains("cross_entropy has no output sums; it has loss", sums.IsProblem(422, "invalid-batch").ToString(),
            StringComparison.Ordinal);
    }

    /// <summary>Of no elements, each class has sums and a loss of 0, and the batch has no mean.</summary>
    [Theory, MemberData(nameof(LossTheories.Overlap), MemberType = typeof(LossTheories))]
    public async Task Batch_OfNoElements_HasNoLossToAverage(string loss)
    {
        var predictions = EncodedTensor.Of<float>("float32", [0, 2]);
        const string Asked = "\"labels\":[],\"outputs\":[\"loss\",\"losses\",\"gradient\",\"sums\"]";
        foreach (var (per, losses, sums) in new[] { ("batch", "[0,0]", "[[0,0,0],[0,0,0]]"), ("item", "[]", "[]") })
        {
            var answer = await service.PostAsync($"/v1/losses/{loss}", $$"""{"logits":{{predictions}},"per":"{{per}}",{{Asked}}}""");
            Assert.True(answer.Status == 200, answer.Text);
            var scores = JsonNode.Parse(answer.Text)!;
            Assert.Null(scores["loss"]);
            Assert.Equal(losses, scores["losses"]!.ToJsonString());
            Assert.Equal(sums, scores["sums"]!.ToJsonString());
            Assert.Empty(scores["gradient"]!.AsArray());
            Assert.Equal("""{"samples":0,"weight":0,"loss":0}""", scores["totals"]!.ToJsonString());
        }
    }

    /// <summary>A stream's sums are those of one batch of all its elements; they are there if every line has them.</summary>
    [Theory, MemberData(nameof(LossTheories.Overlap), MemberType = typeof(LossTheories))]
    public async Task Summary_OfLinesWithSums_HasThoseOfOneBatch(string loss)
    {
        string[] lines = ["\"probabilities\":[[0.25,0.75],[0.5,0.5]],\"labels\":[1,0]", "\"probabilities\":[[0.125,0.875]],\"labels\":[1]"];
        const string All = "\"probabilities\":[[0.25,0.75],[0.5,0.5],[0.125,0.875]],\"labels\":[1,0,1]";
        const string Asked = "\"outputs\":[\"loss\",\"sums\"]";
        var whole = await service.PostAsync($"/v1/losses/{loss}", $$"""{{{All}},{{Asked}}}""");
        var summary = await SumUpAsync(loss, $$"""{{{lines[0]}},{{Asked}}}""", $$"""{{{lines[1]}},{{Asked}}}""");
        Assert.Equal(JsonDocument.Parse(whole.Body).RootElement.GetProperty("sums").GetRawText(), summary.GetProperty("sums").GetRawText());
        Assert.Equal(4, summary.GetProperty("totals").GetProperty("samples").GetInt32());

        foreach (var other in (string[])["\"outputs\":[\"loss\"]", $"{Asked},\"per\":\"item\""])
        {
            summary = await SumUpAsync(loss, $$"""{{{lines[0]}},{{Asked}}}""", $$"""{{{lines[1]}},{{other}}}""");
            Assert.False(summary.TryGetProperty("sums", out _));
        }
    }

    private async Task<JsonElement> SumUpAsync(string loss, params string[] lines)
    {
        var stream = Encoding.UTF8.GetBytes(string.Join('\n', lines));
        var answer = await service.PostAsync($"/v1/losses/{loss}", stream, "application/x-ndjson");
        return JsonDocument.Parse(answer.Text.Trim().Split('\n')[^1]).RootElement.GetProperty("summary");
    }
}
