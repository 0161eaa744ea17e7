using System.Text.Json;
using LossService.Tests.Support;

namespace LossService.Tests.Formats.Json;

/// <summary>Numbers at the edges of their types: exact, or refused; never ∞ by surprise, never clipped.</summary>
public sealed class NumberTests(TestService service)
{
    private const string Path = "/v1/losses/cross_entropy";

    [Theory]
    [InlineData("1e400", "float64")]
    [InlineData("-1e400", "float64")]
    [InlineData("1.7976931348623159e308", "float64")]
    [InlineData("1e39", "float32")]
    [InlineData("-1e39", "float32")]
    [InlineData("3.4028236e38", "float32")]
    [InlineData("1e999999999999", "float32")]
    public async Task Logit_BeyondTheDType_Is422(string number, string dtype) =>
        (await service.PostAsync(Path,
            $$"""{"dtype":"{{dtype}}","logits":[[0,{{number}}]],"labels":[0]}""")).IsInvalidBatch("#/logits/0/1", $"is outside {dtype}");

    /// <summary>A difference d of two logits costs log(1 + e^d).</summary>
    [Theory]
    [InlineData("1e-400", "0", "float64", 0.6931471805599453)]
    [InlineData("-0", "0", "float32", 0.6931471805599453)]
    [InlineData("-0.0", "0.0", "float64", 0.6931471805599453)]
    [InlineData("1e-45", "0", "float32", 0.6931471805599453)]
    [InlineData("5e-324", "0", "float64", 0.6931471805599453)]
    [InlineData("1000", "-1000", "float32", 0)]
    [InlineData("-1000", "1000", "float32", 2000)]
    [InlineData("3.4028235e38", "-3.4028235e38", "float32", 0)]
    [InlineData("-3.4028234663852886e38", "3.4028234663852886e38", "float32", 6.805646932770577e38)]
    [InlineData("-8e307", "8e307", "float64", 1.6e308)]
    [InlineData("7.25", "7.25", "float32", 0.6931471805599453)]
    [InlineData("1e5", "100000.0", "float32", 0.6931471805599453)]
    public async Task Logits_AtTheEdges_ScoreExactly(string first, string second, string dtype, double loss)
    {
        var answer = await service.PostAsync(Path, $$"""{"dtype":"{{dtype}}","logits":[[{{first}},{{second}}]],"labels":[0]}""");
        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal(loss, JsonDocument.Parse(answer.Body).RootElement.GetProperty("loss").GetDouble());
    }

    /// <summary>A limit that exists is taken: e^-∞ = 0, and what is impossible and happens costs ∞.</summary>
    [Theory]
    [InlineData("""[["-Infinity",1]]""", 1, "0")]
    [InlineData("""[["-Infinity",1]]""", 0, "\"Infinity\"")]
    [InlineData("""[["Infinity",1]]""", 0, "0")]
    public async Task Logits_Infinite_TakeTheLimit(string logits, int label, string loss)
    {
        var answer = await service.PostAsync(Path, $$"""{"logits":{{logits}},"labels":[{{label}}]}""");
        Assert.Equal(loss, JsonDocument.Parse(answer.Body).RootElement.GetProperty("loss").GetRawText());
    }

    /// <summary>A megabyte of digits is no number of ours anywhere; the answer does not repeat it.</summary>
    [Theory]
    [InlineData("logits", "[[1,§]]", "#/logits/0/1")]
    [InlineData("labels", "[§]", "#/labels/0")]
    [InlineData("sample_weight", "[§]", "#/sample_weight/0")]
    [InlineData("label_smoothing", "§", "#/label_smoothing")]
    [InlineData("class_weight", "[1,§]", "#/class_weight/1")]
    [InlineData("ignore_index", "§", "#/ignore_index")]
    public async Task Number_OfAMegabyteOfDigits_Is422(string member, string value, string pointer)
    {
        var answer = await PostAsync(member, value, new string('1', 1 << 20));
        answer.IsInvalidBatch(pointer, "");
        Assert.InRange(answer.Body.Length, 0, 2000);
    }

    /// <summary>But a long way of writing a number that fits is that number.</summary>
    [Theory]
    [InlineData("logits", "[[1,§]]")]
    [InlineData("sample_weight", "[§]")]
    [InlineData("label_smoothing", "§")]
    [InlineData("class_weight", "[1,§]")]
    public async Task Number_WrittenAtLength_IsItsValue(string member, string value)
    {
        var zeros = new string('0', 1 << 20);
        Assert.Equal((await PostAsync(member, value, "0")).Text, (await PostAsync(member, value, $"0.{zeros}")).Text);
        Assert.Equal((await PostAsync(member, value, "0")).Text, (await PostAsync(member, value, $"0e{zeros}9")).Text);
        Assert.Equal((await PostAsync(member, value, "1")).Text, (await PostAsync(member, value, $"1.{zeros}")).Text);
        Assert.Equal((await PostAsync(member, value, "1")).Text, (await PostAsync(member, value, $"1e{zeros}")).Text);
    }

    /// <summary>A weight decides whether a sample counts, so none is rounded to 0. A logit is.</summary>
    [Theory]
    [InlineData("sample_weight", "[§]", "#/sample_weight/0", "is 0 in float32, whose smallest number is 1.4e-45")]
    [InlineData("class_weight", "[1,§]", "#/class_weight/1", "expected 0 or a number from 1e-100 to 1e100")]
    public async Task Weight_RoundedToZero_Is422(string member, string value, string pointer, string words)
    {
        string[] numbers = ["1e-400", "-1E-400", $"0.{new string('0', 400)}1", "123456789e-999"];
        foreach (var number in numbers) (await PostAsync(member, value, number)).IsInvalidBatch(pointer, words);
        Assert.Equal((await PostAsync("logits", "[[1,0]]", "")).Text, (await PostAsync("logits", "[[1,1e-400]]", "")).Text);
    }

    [Theory]
    [InlineData("1e-46", "float32", 422)]
    [InlineData("1e-45", "float32", 200)]
    [InlineData("1e-46", "float64", 200)]
    [InlineData("0e-46", "float32", 200)]
    [InlineData("-0.0e1", "float64", 200)]
    [InlineData("1e-324", "float64", 422)]
    public async Task SampleWeight_NearZero_IsHeldOrRefused(string weight, string dtype, int status)
    {
        var answer = await service.PostAsync(Path,
            $$"""{"logits":[[1,2],[3,4]],"labels":[0,1],"dtype":"{{dtype}}","sample_weight":[0,{{weight}}]}""");
        Assert.True(answer.Status == status, answer.Text);
    }

    private Task<Answer> PostAsync(string member, string value, string number)
    {
        var members = new Dictionary<string, string> { ["logits"] = "[[1,2]]", ["labels"] = "[0]" };
        members[member] = value.Replace("§", number, StringComparison.Ordinal);
        return service.PostAsync(Path, $"{{{string.Join(',', members.Select(pair => $"\"{pair.Key}\":{pair.Value}"))}}}");
    }

    /// <summary>A sample's loss is in proportion to its weight, from the least float32 to the largest.</summary>
    [Fact]
    public async Task Weights_OfEveryMagnitude_ScaleTheLoss()
    {
        // ℓ = log 2 for two equal logits, so losses[i] = w_i·log 2, correctly rounded
        float[] weights = [1e-45f, 1.1754944e-38f, 1e-7f, 0.1f, 1f, 16777216f, 3.4028235e38f];
        var rows = string.Join(',', weights.Select(_ => "[3,3]"));
        var labels = string.Join(',', weights.Select(_ => "1"));
        var answer = await service.PostAsync(Path,
            $$"""{"logits":[{{rows}}],"labels":[{{labels}}],"outputs":["losses"],"sample_weight":{{JsonSerializer.Serialize(weights)}}}""");
        Assert.Equal(
            weights.Select(weight => (float)(weight * double.Log(2))),
            JsonDocument.Parse(answer.Body).RootElement.GetProperty("losses").EnumerateArray().Select(loss => loss.GetSingle()));
    }
}
