using LossService.Tests.Support;

namespace LossService.Tests.Formats;

/// <summary>What is wrong with a request of several losses is said at its place, and once.</summary>
public sealed class SeveralRefusalTests(TestService service)
{
    private const string Path = "/v1/losses";

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
        { """ "label_logits":[[2,1]],"losses":{"brier":{}} """, "#/losses/brier/labels_from", "labels_from says which" },
        { """ "label_logits":[[2,1]],"losses":{"brier":{"labels_from":"labels"}} """, "#/label_logits", "none of the losses reads" },
        { """ "losses":{"brier":{"labels_from":"label_logits"}} """, "#/losses/brier/labels_from", "label_logits are missing" },
        { """ "losses":{"hinge":{"labels_from":"label_logits"}} """, "#/losses/hinge/labels_from", "expected \"labels\"" },
        { """ "losses":{"brier":{"label_temperature":2}} """, "#/losses/brier/label_temperature", "applies to label_logits only" },
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
        { """ "losses":{"brier":{},"hinge":{}},"outputs":["hessian"] """, "#/outputs", "hinge has no hessian" },
        { """ "losses":{"brier":{},"hinge":{"outputs":["hessian"]}} """, "#/losses/hinge/outputs", "hinge has no hessian" },
        { """ "losses":{"brier":{},"hinge":{"outputs":["loss"]}},"outputs":["hessian"],"combined":true """, "#/outputs", "hinge has no" },
        { """ "losses":{"brier":{"outputs":[]}},"combined":true """, "#/losses/brier/outputs", "outputs is empty" },
        { """ "losses":{"brier":{}},"outputs":[],"combined":true """, "#/outputs", "outputs is empty" },
        { """ "losses":{"brier":{"per_class":1}} """, "#/losses/brier/per_class", "expected true or false" },
        { """ "losses":{"brier":{"class_axis":2}} """, "#/losses/brier/class_axis", "expected an axis of logits" },
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

    /// <summary>Labels are refused as each loss alone refuses them, wherever they stand in the text.</summary>
    [Theory]
    [InlineData("[true,false]", "#/labels/0", "expected a number, got true")]
    [InlineData("[0,0.5]", "#/labels/1", "class indices")]
    public async Task Labels_OfACategoricalLoss_AreIntegers(string labels, string pointer, string words)
    {
        foreach (var loss in (string[])["brier", "focal"])
        {
            var (first, second) = ($"\"labels\":{labels}", $"\"losses\":{{\"{loss}\":{{}},\"entropy\":{{}}}}");
            foreach (var members in (string[])[$"{first},{second}", $"{second},{first}"])
                (await service.PostAsync(Path, $"{{\"logits\":[[2,1],[1,2]],{members}}}")).IsInvalidBatch(pointer, words);
        }
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

    private static string Entries(int count) =>
        string.Join(',', Enumerable.Range(0, count).Select(i => $"\"l{i}\":{{\"loss\":\"brier\"}}"));

    /// <summary>A row of logits that are all −∞ has sigmoids, but no softmax: each loss is checked by its own link and axis.</summary>
    [Theory]
    [InlineData("\"dice\":{\"link\":\"sigmoid\"},\"jaccard\":{\"link\":\"softmax\"}", "#/logits/0")]
    [InlineData("\"dice\":{\"class_axis\":0},\"jaccard\":{\"class_axis\":1}", "#/logits/0")]
    public async Task Losses_OfAnotherLinkOrAxis_AreEachChecked(string losses, string pointer)
    {
        const string Batch = "\"logits\":[[\"-Infinity\",\"-Infinity\"],[1,2]],\"labels\":[0,1]";
        var answer = await service.PostAsync("/v1/losses", $"{{{Batch},\"losses\":{{{losses}}}}}");
        answer.IsInvalidBatch(pointer, "softmax is undefined where all logits are -Infinity");
    }
}
