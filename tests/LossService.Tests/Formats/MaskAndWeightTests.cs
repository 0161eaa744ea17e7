using System.Text.Json;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Tests.Formats.Json;
using LossService.Tests.Formats.OpenInference;
using LossService.Tests.Shared;
using LossService.Tests.Support;

namespace LossService.Tests.Formats;

/// <summary>The ways to write masks, weights and binary labels, which all mean the same.</summary>
public sealed class MaskAndWeightTests(TestService service)
{
    /// <summary>The names of the binary losses.</summary>
    public static TheoryData<string> Binary => [.. LossCatalogue.All.Where(loss => loss.Kind == LossKind.Binary).Select(loss => loss.Name)];

    private static readonly string[] IntegerDTypes = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"];

    [Theory, MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public async Task Mask_Of0And1_IsThatOfBooleans(string name)
    {
        var isBinary = LossCatalogue.Find(name)!.Kind == LossKind.Binary;
        var expected = await ScoreAsync(name, isBinary ? "[[true,false],[false,true]]" : "[true,false]");
        Assert.Equal(expected, await ScoreAsync(name, isBinary ? "[[1,0],[0,1]]" : "[1,0]"));
        Assert.Equal(expected, await ScoreAsync(name, isBinary ? "[[1,false],[false,true]]" : "[1,false]"));
        int[] shape = isBinary ? [2, 2] : [2];
        double[] mask = isBinary ? [1, 0, 0, 1] : [1, 0];
        foreach (var dtype in (string[])["bool", .. IntegerDTypes])
        {
            var bytes = Convert.ToBase64String(Elements.Bytes(dtype.ToUpperInvariant(), mask));
            Assert.Equal(expected, await ScoreAsync(name, EncodedTensor.Of(dtype, shape, bytes)));
        }
    }

    [Theory, MemberData(nameof(Binary))]
    public async Task Mask_OfRows_CountsForAllInTheRow(string name)
    {
        var expected = await ScoreAsync(name, "[[false,false],[true,true]]");
        Assert.Equal(expected, await ScoreAsync(name, "[false,true]"));
        Assert.Equal(expected, await ScoreAsync(name, "[[false],[true]]"));
        Assert.Equal(expected, await ScoreAsync(name, "[0,1]"));
    }

    [Theory, MemberData(nameof(Binary))]
    public async Task Weight_OfRows_CountsForAllInTheRow(string name)
    {
        var expected = await ScoreAsync(name, "true", "[[0.5,0.5],[3,3]]");
        Assert.Equal(expected, await ScoreAsync(name, "true", "[0.5,3]"));
        Assert.Equal(expected, await ScoreAsync(name, "true", "[[0.5],[3]]"));
        Assert.Equal(expected, await ScoreAsync(name, "true", "[[[0.5]],[[3]]]"));
    }

    [Theory, MemberData(nameof(LossTheories.LabelledCategorical), MemberType = typeof(LossTheories))]
    public async Task Weight_WithAnAxisOfLength1_IsOneASample(string name) =>
        Assert.Equal(await ScoreAsync(name, "[true,true]", "[0.5,3]"), await ScoreAsync(name, "[[1],[1]]", "[[0.5],[3]]"));

    [Theory, MemberData(nameof(Binary)), InlineData("multilabel_margin"), InlineData("list_mle")]
    public async Task Labels_OfBooleans_Are0And1(string name)
    {
        var expected = await ScoreAsync(name, "true", "[1,1]", "[[0,1],[1,0]]");
        Assert.Equal(expected, await ScoreAsync(name, "true", "[1,1]", "[[false,true],[true,false]]"));
        Assert.Equal(expected, await ScoreAsync(name, "true", "[1,1]", "[[false,1],[true,0]]"));
        Assert.Equal(expected, await ScoreAsync(name, "true", "[1,1]", "[[false,1.0],[true,0.0]]"));
        Assert.Equal(expected, await ScoreAsync(
            name, "true", "[1,1]", EncodedTensor.Of("bool", [2, 2], Convert.ToBase64String([0, 1, 1, 0]))));
        var oip = await new OipClient(service).InferAsync(name, new WireForm()
            .Json("logits", "FP32", [2, 2], "[2,-1,0.5,0.25]").Json("labels", "BOOL", [2, 2], "[false,true,true,false]")
            .Json("mask", "INT8", [2], "[1,1]").Json("sample_weight", "FP32", [2, 1], "[1,1]").Output("losses"));
        Assert.True(oip.Status == 200, oip.Text);
        Assert.Equal(Numbers(expected), oip.Numbers("losses"));
    }

    [Fact]
    public async Task Labels_OfBooleans_AreNoClasses() =>
        (await service.PostAsync("/v1/losses/cross_entropy", """{"logits":[[1,2]],"labels":[true]}"""))
            .IsInvalidBatch("#/labels/0", "got true");

    private static double[] Numbers(string json) =>
        [.. EncodedTensor.Numbers(JsonDocument.Parse(json).RootElement.GetProperty("losses")).Select(loss => (double)loss.GetSingle())];

    /// <summary>The whole response to two rows of two logits.</summary>
    private async Task<string> ScoreAsync(string name, string mask, string weight = "[2,0.25]", string? labels = null)
    {
        var loss = LossCatalogue.Find(name)!;
        labels ??= loss.Kind == LossKind.Binary ? "[[0,1],[1,0]]" : "[0,1]";
        var predictions = loss.Accepts[0] == PredictionForm.Logits ? "[[2,-1],[0.5,0.25]]" : "[[0.75,0.25],[0.5,0.5]]";
        var body = $$"""
            {"{{loss.Accepts[0].Name()}}":{{predictions}}{{(loss.Labels == LabelRule.None ? "" : $",\"labels\":{labels}")}}
            {{(mask == "true" ? "" : $",\"mask\":{mask}")}},"sample_weight":{{weight}},"outputs":["loss","losses","gradient"]}
            """;
        var answer = await service.PostAsync($"/v1/losses/{name}", body);
        Assert.True(answer.Status == 200, $"{body}: {answer.Text}");
        return answer.Text;
    }
}
