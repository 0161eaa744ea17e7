using System.Text.Json;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Tests.Shared;
using LossService.Tests.Support;

namespace LossService.Tests.Formats;

/// <summary>Sparse rows in the place of labels, through HTTP: what is refused, with its place, and what is taken.</summary>
public sealed class SparseTests(TestService service)
{
    private const string Logits = "\"logits\":[[2,1,0,1],[0,3,1,0]]";

    [Theory]
    [InlineData("\"indices\":[[3,0],[1,4]],\"values\":[[0.5,0.5],[0.5,0.5]]", "/labels/indices/1/1", "class index 4 is outside 0..3")]
    [InlineData("\"indices\":[[3,0],[1,1]],\"values\":[[0.5,0.5],[0.5,0.5]]", "/labels/indices/1/1", "class 1 is named twice in its row")]
    [InlineData("\"indices\":[[3,0],[1,0.5]],\"values\":[[0.5,0.5],[0.5,0.5]]", "/labels/indices/1/1", "expected the index of a class")]
    [InlineData("\"indices\":[[3,0],[1,2]],\"values\":[[0.5,0.5],[0.5,0.25]]",
        "/labels/values/1", "must sum to 1 (±0.0001), but sums to 0.75")]
    [InlineData("\"indices\":[[3,0],[1,2]],\"values\":[[0.5,0.5],[1.5,-0.5]]",
        "/labels/values/1/0", "expected a number from 0 to 1, got 1.5")]
    [InlineData("\"indices\":[[3,0],[1,2]],\"log_values\":[[0,\"-Infinity\"],[0.5,-1]]", "/labels/log_values/1/0", "at most 0, got 0.5")]
    [InlineData("\"indices\":[[3,0],[1,2]],\"values\":[[0.5],[1]]",
        "/labels/indices", "label_indices have the shape [2, 2], but label_values [2, 1]")]
    [InlineData("\"indices\":[[3,0],[1,2]]", "/labels/indices", "need label_values or label_log_values")]
    [InlineData("\"values\":[[0.5,0.5],[0.5,0.5]]", "/labels/values", "need label_indices")]
    [InlineData("\"indices\":[[3],[1]],\"values\":[[1],[1]],\"log_values\":[[0],[0]]", "/labels/log_values", "expected one form of labels")]
    [InlineData("\"indices\":[[3],[1]],\"values\":[[1],[1]],\"remainder\":\"drop\"",
        "/labels/remainder", "expected \"error\" or \"normalize\"")]
    [InlineData("\"indices\":[[3],[1]],\"values\":[[1],[1]],\"classes\":4", "/labels/classes", "unknown field \"classes\"")]
    [InlineData("\"indices\":[[3],[1]],\"indices\":[[3],[1]],\"values\":[[1],[1]]", "/labels/indices", "duplicate field \"indices\"")]
    [InlineData("\"indices\":[3,1],\"values\":[1,1]", "/labels/values", "sparse rows have the samples' axes, [2], then one of k numbers")]
    public async Task Request_NoValidRows_IsRefusedAtItsPlace(string labels, string pointer, string detail)
    {
        var answer = await service.PostAsync("/v1/losses/cross_entropy", $"{{{Logits},\"labels\":{{{labels}}}}}");
        answer.IsInvalidBatch($"#{pointer}", detail);
    }

    [Theory]
    [InlineData("hinge", "hinge takes a label for each element, not label_values")]
    [InlineData("binary_cross_entropy", "binary_cross_entropy takes a label for each element, not label_values")]
    [InlineData("dice", "dice takes class indices, or a number from 0 to 1 for each element, not label_values")]
    [InlineData("multi_margin", "multi_margin takes hard labels only, not label_values")]
    [InlineData("entropy", "entropy takes no labels")]
    public async Task Request_LossOfOtherLabels_IsRefusedInWords(string loss, string detail)
    {
        var answer = await service.PostAsync(
            $"/v1/losses/{loss}", $"{{{Logits},\"labels\":{{\"indices\":[[3],[1]],\"values\":[[1],[1]]}}}}");
        Assert.Equal(422, answer.Status);
        Assert.Contains(detail, answer.Text, StringComparison.Ordinal);
    }

    /// <summary>The reader for usual requests and the exact one take the same rows, and remainder stands in either place.</summary>
    [Fact]
    public async Task Request_Rows_AreTakenByEveryLossOfSoftLabels()
    {
        foreach (var loss in LossCatalogue.All.Where(loss => loss.LabelForms.Contains(TargetForm.Values)))
        {
            const string Rows = "\"indices\":[[3,0],[1,2]],\"values\":[[0.5,0.25],[0.125,0.5]]";
            var inside = $"{Logits},\"labels\":{{{Rows},\"remainder\":\"uniform\"}}";
            var usual = await service.PostAsync($"/v1/losses/{loss.Name}", $"{{{inside}}}");
            var exact = await service.PostAsync($"/v1/losses/{loss.Name}", $"{{\"\\u0069d\":null,{inside}}}");
            var outside = await service.PostAsync(
                $"/v1/losses/{loss.Name}", $"{{{Logits},\"labels\":{{{Rows},\"log_values\":null}},\"remainder\":\"uniform\"}}");
            Assert.Equal(200, usual.Status);
            Assert.Equal(usual.Text, exact.Text);
            Assert.Equal(usual.Text, outside.Text);
        }
    }

    [Theory, MemberData(nameof(LossTheories.TaughtCategorical), MemberType = typeof(LossTheories))]
    public async Task Request_RowsOfABatch_AreThoseOfTheLibrary(string name)
    {
        var space = BatchSpace.Everything with { LabelForms = [LabelForm.Values, LabelForm.LogValues], ClassAxisChance = 0 };
        for (var seed = 0; seed < 20; seed++)
        {
            var draft = BatchGenerator.Draw(LossCatalogue.Find(name)!, space, seed) with { Reduction = Reduction.Sum };
            var written = new WrittenBatch(draft, "loss");
            var answer = await service.PostAsync(written.Path, written.Body);
            Assert.Equal(200, answer.Status);
            using var scores = JsonDocument.Parse(answer.Body);
            var loss = scores.RootElement.GetProperty("loss");
            if (loss.ValueKind == JsonValueKind.Number) Assert.Equal(draft.Score().Loss, loss.GetDouble());
            else Assert.False(double.IsFinite(draft.Score().Loss!.Value));
        }
    }

    /// <summary>Of several losses, one reads the rows and another a teacher.</summary>
    [Fact]
    public async Task Request_SeveralLosses_ReadWhatTheySay()
    {
        const string Rows = "\"labels\":{\"indices\":[[3,0],[1,2]],\"values\":[[0.5,0.25],[0.125,0.5]]}";
        const string Teacher = "\"label_logits\":[[1,2,3,4],[1,2,3,4]]";
        var several = await service.PostAsync("/v1/losses", $"{{{Logits},{Rows},{Teacher},\"losses\":{{"
            + "\"kl_divergence\":{\"labels_from\":\"labels\",\"remainder\":\"uniform\"},"
            + "\"cross_entropy\":{\"labels_from\":\"label_logits\"}}}");
        var rows = await service.PostAsync("/v1/losses/kl_divergence", $"{{{Logits},{Rows},\"remainder\":\"uniform\"}}");
        var teacher = await service.PostAsync("/v1/losses/cross_entropy", $"{{{Logits},{Teacher}}}");
        Assert.Equal(200, several.Status);
        Assert.Equal($"{{\"losses\":{{\"kl_divergence\":{rows.Text},\"cross_entropy\":{teacher.Text}}}}}", several.Text);
    }

    /// <summary>Each loss has a rule of its own for what the rows leave, so the rows are checked by each.</summary>
    [Theory]
    [InlineData("\"kl_divergence\":{\"remainder\":\"uniform\"},\"cross_entropy\":{}")]
    [InlineData("\"kl_divergence\":{\"remainder\":\"normalize\"},\"brier\":{\"remainder\":\"error\"}")]
    public async Task Request_SeveralLosses_AreEachCheckedByTheirRemainder(string losses)
    {
        const string Rows = "\"labels\":{\"indices\":[[3,0],[1,2]],\"values\":[[0.5,0.25],[0.125,0.5]]}";
        var answer = await service.PostAsync("/v1/losses", $"{{{Logits},{Rows},\"losses\":{{{losses}}}}}");
        answer.IsInvalidBatch("#/labels/values/0", "must sum to 1");
    }

    [Fact]
    public async Task Request_RowsAsBytes_AreTaken()
    {
        var indices = Convert.ToBase64String([3, 0, 1, 2]);
        const string Values = "[[0.5,0.5],[0.25,0.75]]";
        var bytes = await service.PostAsync("/v1/losses/cross_entropy",
            $"{{{Logits},\"labels\":{{\"indices\":{{\"dtype\":\"uint8\",\"shape\":[2,2],\"data\":\"{indices}\"}},\"values\":{Values}}}}}");
        var text = await service.PostAsync(
            "/v1/losses/cross_entropy", $"{{{Logits},\"labels\":{{\"indices\":[[3,0],[1,2]],\"values\":{Values}}}}}");
        Assert.Equal(200, bytes.Status);
        Assert.Equal(text.Text, bytes.Text);
        var outside = Convert.ToBase64String([3, 0, 1, 4]);
        var refused = await service.PostAsync("/v1/losses/cross_entropy",
            $"{{{Logits},\"labels\":{{\"indices\":{{\"dtype\":\"uint8\",\"shape\":[2,2],\"data\":\"{outside}\"}},\"values\":{Values}}}}}");
        Assert.Contains("\"#/labels/indices/data\"", refused.Text, StringComparison.Ordinal);
    }
}
