using System.Text.Json.Nodes;
using LossService.Core.Losses;
using LossService.Requests;
using LossService.Tests.Formats.OpenInference;
using LossService.Tests.Shared;
using LossService.Tests.Support;

namespace LossService.Tests.Formats;

/// <summary>A field that is null is not given: generated clients send every optional field.</summary>
public sealed class NullTests(TestService service)
{
    [Theory, MemberData(nameof(LossTheories.Every), MemberType = typeof(LossTheories))]
    public async Task Fields_ThatAreNull_AreAsIfNotGiven(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        var plain = JsonNode.Parse(loss.Page.Example)!.AsObject();
        foreach (var option in loss.Options) plain.Remove(option.Name);
        var expected = await service.PostAsync($"/v1/losses/{name}", plain.ToJsonString());
        Assert.True(expected.Status == 200, expected.Text);

        var full = plain.DeepClone().AsObject();
        var others = Fields.GetNames(loss).Where(field => !plain.ContainsKey(field)).ToArray();
        foreach (var field in others) full[field] = null;
        await AssertSameAsync(full);
        foreach (var field in others)
        {
            // before the tensors and after them
            await AssertSameAsync(new([new(field, null), .. plain.DeepClone().AsObject()
                .Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone()))]));
        }

        async Task AssertSameAsync(JsonObject body)
        {
            var actual = await service.PostAsync($"/v1/losses/{name}", body.ToJsonString());
            Assert.True(expected.Text == actual.Text, $"{body.ToJsonString()}: {actual.Text}");
        }
    }

    [Fact]
    public async Task Line_WithNull_IsAsIfNotGiven()
    {
        var body = """{"id":null,"logits":[[2,1]],"labels":[0],"mask":null,"temperature":null}""" + "\n";
        var answer = await service.PostAsync("/v1/losses/cross_entropy", System.Text.Encoding.UTF8.GetBytes(body), "application/x-ndjson");
        Assert.StartsWith("""{"line":1,"loss":0.31326""", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenInference_Null_IsAsIfNotGiven()
    {
        var oip = new OipClient(service);
        const string Inputs = """
            "inputs":[{"name":"logits","datatype":"FP32","shape":[1,2],"data":[2,1],"parameters":null},
            {"name":"labels","datatype":"INT64","shape":[1],"data":[0]}]
            """;
        string[] bodies =
        [
            """{ INPUTS }""",
            """{"id":null,"parameters":null,"outputs":null,INPUTS }""",
            """{"parameters":{"temperature":null,"reduction":null,"binary_data_output":null},INPUTS,"outputs":[{"name":"loss","parameters":null}]}""",
            """{ INPUTS,"outputs":[{"name":"loss","parameters":{"binary_data":null}}]}""",
        ];
        foreach (var body in bodies)
        {
            var text = body.Replace("INPUTS", Inputs, StringComparison.Ordinal);
            var reply = await oip.PostAsync("/v2/models/cross_entropy/infer", System.Text.Encoding.UTF8.GetBytes(text));
            Assert.True(reply.Status == 200, reply.Text);
            Assert.Equal(0.31326168751822286, reply.Numbers("loss")[0], 1e-15);
        }
    }

    [Fact]
    public async Task BinaryFocal_AlphaNone_IsOff_AndNullTheDefault()
    {
        async Task<double> LossAsync(string alpha)
        {
            var answer = await service.PostAsync("/v1/losses/binary_focal",
                $$"""{"logits":[1.5,-2],"labels":[1,0],"gamma":0{{alpha}}}""");
            Assert.True(answer.Status == 200, answer.Text);
            return JsonNode.Parse(answer.Text)!["loss"]!.GetValue<double>();
        }
        var off = await LossAsync(""","alpha":"none" """);
        Assert.Equal(await LossAsync(""), await LossAsync(""","alpha":null"""));
        Assert.NotEqual(await LossAsync(""), off);
        var crossEntropy = JsonNode.Parse((await service.PostAsync(
            "/v1/losses/binary_cross_entropy", """{"logits":[1.5,-2],"labels":[1,0]}""")).Text)!["loss"]!.GetValue<double>();
        Assert.Equal(crossEntropy, off, 1e-15);
    }
}
