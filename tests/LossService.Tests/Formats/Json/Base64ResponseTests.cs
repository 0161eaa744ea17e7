using System.Text.Json;
using LossService.Tests.Support;

namespace LossService.Tests.Formats.Json;

/// <summary>Results in base64 are the results in numbers, of the predictions' dtype.</summary>
public sealed class Base64ResponseTests(TestService service)
{
    private const string Path = "/v1/losses/cross_entropy";
    private const string Outputs = "\"outputs\":[\"loss\",\"losses\",\"gradient\",\"hessian\",\"probabilities\","
        + "\"log_probabilities\",\"entropy\",\"predictions\",\"metrics\"]";
    private const int Rows = 5;
    private const int Classes = 9;

    private static readonly string[] Tensors = ["losses", "gradient", "hessian", "probabilities", "log_probabilities", "entropy"];
    private static readonly double[] Logits = [.. Enumerable.Range(0, Rows * Classes).Select(i => Math.Cos(i * 2.3) * 6)];

    [Fact]
    public async Task Float32_InBase64AndNumbers_HasTheSameBits() => await HasTheSameBitsAsync(
        EncodedTensor.Of<float>("float32", [Rows, Classes], [.. Logits.Select(value => (float)value)]), "float32",
        number => number.GetSingle());

    [Fact]
    public async Task Float64_InBase64AndNumbers_HasTheSameBits() => await HasTheSameBitsAsync(
        EncodedTensor.Of<double>("float64", [Rows, Classes], Logits), "float64",
        number => number.GetDouble());

    [Fact]
    public async Task Float16_InBase64AndNumbers_HasTheSameBits() => await HasTheSameBitsAsync(
        EncodedTensor.Of<Half>("float16", [Rows, Classes], [.. Logits.Select(value => (Half)value)]), "float16",
        number => (Half)number.GetDouble());

    [Fact]
    public async Task BFloat16_InBase64AndNumbers_HasTheSameBits() => await HasTheSameBitsAsync(
        EncodedTensor.Of<ushort>("bfloat16", [Rows, Classes], [.. Logits.Select(value => EncodedTensor.BFloat16((float)value))]),
            "bfloat16",
        number => EncodedTensor.BFloat16(number.GetSingle()));

    [Fact]
    public async Task Float16_Results_AreTheFloat64ResultsRounded()
    {
        Half[] halves = [.. Logits.Select(value => (Half)value)];
        var rounded = await PostAsync(EncodedTensor.Of<Half>("float16", [Rows, Classes], halves), "base64");
        var exact = await PostAsync(EncodedTensor.Of<double>("float64", [Rows, Classes], [.. halves.Select(value => (double)value)]),
            "base64");
        foreach (var name in Tensors)
        {
            var shape = ShapeOf(name);
            Assert.Equal(
                EncodedTensor.Read<double>(exact.GetProperty(name), "float64", shape).Select(value => (Half)value),
                EncodedTensor.Read<Half>(rounded.GetProperty(name), "float16", shape));
        }
        Assert.Equal(exact.GetProperty("loss").GetDouble(), rounded.GetProperty("loss").GetDouble());
    }

    [Fact]
    public async Task BFloat16_Results_AreWithinHalfAnUlpOfTheFloat64Results()
    {
        ushort[] bits = [.. Logits.Select(value => EncodedTensor.BFloat16((float)value))];
        var rounded = await PostAsync(EncodedTensor.Of<ushort>("bfloat16", [Rows, Classes], bits), "base64");
        var exact = await PostAsync(EncodedTensor.Of<double>("float64", [Rows, Classes],
            [.. bits.Select(value => (double)EncodedTensor.FromBFloat16(value))]), "base64");
        foreach (var name in Tensors)
        {
            var shape = ShapeOf(name);
            var pairs = EncodedTensor.Read<double>(exact.GetProperty(name), "float64", shape)
                .Zip(EncodedTensor.Read<ushort>(rounded.GetProperty(name), "bfloat16", shape));
            // eight significant bits: half a unit in the last is at most 2^-8 of the value
            Assert.All(pairs, pair => Assert.InRange(EncodedTensor.FromBFloat16(pair.Second), pair.First - Math.Abs(pair.First) / 256,
                pair.First + Math.Abs(pair.First) / 256));
        }
    }

    [Fact]
    public async Task Tensor_LongerThanABlock_IsOneBase64Text()
    {
        // 40000 bytes short of two blocks, so that the last is padded and no other
        var count = 30001;
        var body = $$"""{"logits":{{EncodedTensor.Of<double>("float64", [count], [.. Enumerable.Range(0, count).Select(i => Math.Sin(i) * 30)])}},"labels":{{EncodedTensor.Of<byte>("uint8", [count], new byte[count])}},"outputs":["gradient"]""";
        var plain = await service.PostAsync("/v1/losses/binary_cross_entropy", body + "}");
        var encoded = await service.PostAsync("/v1/losses/binary_cross_entropy", body + ",\"tensor_encoding\":\"base64\"}");
        Assert.Equal(
            JsonDocument.Parse(plain.Body).RootElement.GetProperty("gradient").EnumerateArray().Select(number => number.GetDouble()),
            EncodedTensor.Read<double>(JsonDocument.Parse(encoded.Body).RootElement.GetProperty("gradient"), "float64", count));
    }

    [Fact]
    public async Task LossOfARowWithoutBatch_IsATensorWithoutAxes()
    {
        var answer = await service.PostAsync(Path, """{"logits":[1,2],"labels":0,"outputs":["losses"],"tensor_encoding":"base64"}""");
        Assert.Equal([1.3132616875182228f],
            EncodedTensor.Read<float>(JsonDocument.Parse(answer.Body).RootElement.GetProperty("losses"), "float32"));
    }

    private async Task HasTheSameBitsAsync<T>(string logits, string dtype, Func<JsonElement, T> read) where T : unmanaged
    {
        var encoded = await PostAsync(logits, "base64");
        var plain = await PostAsync(logits, "json");
        foreach (var name in Tensors)
        {
            Assert.Equal(
                EncodedTensor.Numbers(plain.GetProperty(name)).Select(read),
                EncodedTensor.Read<T>(encoded.GetProperty(name), dtype, ShapeOf(name)));
        }
        Assert.Equal(
            EncodedTensor.Numbers(plain.GetProperty("predictions")).Select(number => number.GetInt64()),
            EncodedTensor.Read<long>(encoded.GetProperty("predictions"), "int64", Rows));
        foreach (var name in (string[])["loss", "metrics", "totals"])
            Assert.Equal(plain.GetProperty(name).GetRawText(), encoded.GetProperty(name).GetRawText());
    }

    private async Task<JsonElement> PostAsync(string logits, string encoding)
    {
        var answer = await service.PostAsync(Path,
            $$"""{"logits":{{logits}},"labels":[8,0,1,2,3],{{Outputs}},"tensor_encoding":"{{encoding}}"}""");
        Assert.True(answer.Status == 200, answer.Text);
        return JsonDocument.Parse(answer.Body).RootElement;
    }

    private static int[] ShapeOf(string name) => name is "losses" or "entropy" ? [Rows] : [Rows, Classes];
}
