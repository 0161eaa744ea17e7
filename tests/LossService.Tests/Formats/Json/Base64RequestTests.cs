using System.Globalization;
using System.Text;
using LossService.Core.Losses;
using LossService.Core.Tensors;
using LossService.Formats.Json;
using LossService.Http;
using LossService.Requests;
using LossService.Tests.Support;

namespace LossService.Tests.Formats.Json;

/// <summary>A batch in base64 is the batch in numbers.</summary>
public sealed class Base64RequestTests(TestService service)
{
    private const string Path = "/v1/losses/cross_entropy";
    private const string Outputs = "\"outputs\":[\"loss\",\"losses\",\"gradient\",\"log_probabilities\",\"entropy\",\"predictions\"]";
    private const int Rows = 13;
    private const int Classes = 7;

    private static readonly double[] Logits = [.. Enumerable.Range(0, Rows * Classes).Select(i => Math.Sin(i * 1.7) * 9)];
    private static readonly long[] Labels = [.. Enumerable.Range(0, Rows).Select(i => (long)(i * i % Classes))];

    [Fact]
    public async Task Float32_AndItsNumbers_AnswerAlike()
    {
        var logits = Logits.Select(value => (float)value).ToArray();
        await AnswerAlikeAsync(
            Batch(EncodedTensor.Of<float>("float32", [Rows, Classes], logits), Array(Labels, Rows)),
            Batch(Array(logits, Rows, Classes), Array(Labels, Rows)));
    }

    [Fact]
    public async Task Float64_AndItsNumbers_AnswerAlike() => await AnswerAlikeAsync(
        Batch(EncodedTensor.Of<double>("float64", [Rows, Classes], Logits), Array(Labels, Rows), "\"dtype\":\"float64\""),
        Batch(Array(Logits, Rows, Classes), Array(Labels, Rows), "\"dtype\":\"float64\""));

    [Fact]
    public async Task Float64_AmongFloat32Numbers_KeepsItsOwnDType()
    {
        var weights = "\"sample_weight\":" + Array(Labels.Select(label => label + 0.5), Rows);
        await AnswerAlikeAsync(
            Batch(EncodedTensor.Of<double>("float64", [Rows, Classes], Logits), Array(Labels, Rows), weights),
            Batch(Array(Logits, Rows, Classes), Array(Labels, Rows), weights + ",\"dtype\":\"float64\""));
    }

    [Theory]
    [InlineData("int8")]
    [InlineData("int16")]
    [InlineData("int32")]
    [InlineData("int64")]
    [InlineData("uint8")]
    [InlineData("uint16")]
    [InlineData("uint32")]
    [InlineData("uint64")]
    public async Task Labels_OfEveryIntegerType_AreTheClassIndices(string dtype)
    {
        var encoded = dtype switch
        {
            "int8" => EncodedTensor.Of<sbyte>(dtype, [Rows], [.. Labels.Select(label => (sbyte)label)]),
            "int16" => EncodedTensor.Of<short>(dtype, [Rows], [.. Labels.Select(label => (short)label)]),
            "int32" => EncodedTensor.Of<int>(dtype, [Rows], [.. Labels.Select(label => (int)label)]),
            "int64" => EncodedTensor.Of<long>(dtype, [Rows], Labels),
            "uint8" => EncodedTensor.Of<byte>(dtype, [Rows], [.. Labels.Select(label => (byte)label)]),
            "uint16" => EncodedTensor.Of<ushort>(dtype, [Rows], [.. Labels.Select(label => (ushort)label)]),
            "uint32" => EncodedTensor.Of<uint>(dtype, [Rows], [.. Labels.Select(label => (uint)label)]),
            _ => EncodedTensor.Of<ulong>(dtype, [Rows], [.. Labels.Select(label => (ulong)label)]),
        };
        await AnswerAlikeAsync(Batch(Array(Logits, Rows, Classes), encoded), Batch(Array(Logits, Rows, Classes), Array(Labels, Rows)));
    }

    [Fact]
    public async Task WeightsAndMask_AsBytes_AreThoseInText()
    {
        var weights = Labels.Select(label => label / 4.0).ToArray();
        var mask = Labels.Select(label => label != 2).ToArray();
        var encoded =
            $"\"sample_weight\":{EncodedTensor.Of<double>("float64", [Rows], weights)},"
            + $"\"mask\":{EncodedTensor.Of<bool>("bool", [Rows], mask)}";
        var text = $"\"sample_weight\":{Array(weights, Rows)},\"mask\":[{string.Join(',', mask.Select(kept => kept ? "true" : "false"))}]";
        await AnswerAlikeAsync(
            Batch(Array(Logits, Rows, Classes), Array(Labels, Rows), encoded),
            Batch(Array(Logits, Rows, Classes), Array(Labels, Rows), text));
    }

    [Fact]
    public async Task SoftLabels_AsHalves_AreTheNumbersTheyHold()
    {
        Half[] rows = [.. Enumerable.Range(0, Rows * Classes).Select(i => (Half)(i % Classes < 2 ? 0.5 : 0))];
        await AnswerAlikeAsync(
            Batch(Array(Logits, Rows, Classes), EncodedTensor.Of<Half>("float16", [Rows, Classes], rows)),
            Batch(Array(Logits, Rows, Classes), Array(rows.Select(value => (double)value), Rows, Classes)));
    }

    [Theory]
    [InlineData("""{"data":"AACAPwAAAEA=","shape":[1,2],"dtype":"float32"}""")]
    [InlineData("""{ "shape" : [ 1 , 2 ] , "dtype" : "float32" , "data" : "AACAPwAAAEA=" }""")]
    [InlineData("""{"d\u0074ype":"float\u00332","shape":[1,2],"data":"AACAPwAAAEA="}""")]
    public async Task Object_HoweverItIsWritten_IsTheTensor(string tensor)
    {
        var answer = await service.PostAsync(Path, $$"""{"labels":[0],"logits":{{tensor}}}""");
        Assert.Equal((200, (await service.PostAsync(Path, """{"labels":[0],"logits":[[1,2]]}""")).Text), (answer.Status, answer.Text));
    }

    [Theory]
    [InlineData("")]
    [InlineData(@"""\u0069d"":""1"",")] // a name that only the exact reader reads
    public async Task Data_WithEscapes_IsTheTextTheyStandFor(string before)
    {
        var plain = Convert.ToBase64String([0xFF, 0x3F, 0x3F, 0xC0, 0x3F, 0x3F, 0xFF, 0x3F]);
        Assert.Contains('/', plain);
        var expected = await ScoreAsync(plain);
        Assert.Equal(200, expected.Status);
        // as PHP writes it, as an encoder that trusts nothing does, and all of it
        foreach (var escaped in (string[])[plain.Replace("/", @"\/"), plain.Replace("/", @"\u002f").Replace("=", @"\u003D"), string.Concat(plain.Select(c => $"\\u{(int)c:x4}"))])
        {
            var answer = await ScoreAsync(escaped);
            Assert.Equal((200, expected.Text), (answer.Status, answer.Text));
        }

        Task<Answer> ScoreAsync(string data) =>
            service.PostAsync(Path, $$"""{{{before}}"logits":{{EncodedTensor.Of("bfloat16", [1, 4], data)}},"labels":[0],"outputs":["losses","gradient"]}""");
    }

    [Fact]
    public async Task NotANumber_InBytes_IsRefusedUnlessMasked()
    {
        var logits = EncodedTensor.Of("float32", [2, 2], [1f, float.NaN, 3, 4]);
        (await service.PostAsync(Path, $$"""{"logits":{{logits}},"labels":[0,1]}""")).IsInvalidBatch("#/logits/data", "[0, 1]: expected a number, got NaN");
        Assert.Equal(200, (await service.PostAsync(Path, $$"""{"logits":{{logits}},"labels":[0,1],"mask":[false,true]}""")).Status);
    }

    [Theory]
    [InlineData("A")]
    [InlineData(@"\u0041")]
    public unsafe void Megabytes_OfBase64_NeverPassThroughManagedMemory(string first)
    {
        var logits = EncodedTensor.Of<float>("float32", [1000, 1000], new float[1_000_000]).Replace("\"A", $"\"{first}", StringComparison.Ordinal);
        var body = Encoding.ASCII.GetBytes(Batch(logits, EncodedTensor.Of<int>("int32", [1000], new int[1000])));
        using var text = new RequestBody(body.Length);
        text.Append(body);
        using var request = new ScoreRequest(LossCatalogue.Find("cross_entropy")!);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.True(FastJsonRequestReader.TryRead(text.Start, text.Start + body.Length, request));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
        Assert.Equal(new Shape(1000, 1000), request[TensorField.Logits]!.Shape);
    }

    private async Task AnswerAlikeAsync(string encoded, string plain)
    {
        var (one, other) = (await service.PostAsync(Path, encoded), await service.PostAsync(Path, plain));
        Assert.True(one.Status == 200, one.Text);
        Assert.Equal(other.Text, one.Text);
    }

    private static string Batch(string logits, string labels, string more = "\"dtype\":\"float32\"") =>
        $$"""{"logits":{{logits}},"labels":{{labels}},{{Outputs}},{{more}}}""";

    private static string Array<T>(IEnumerable<T> elements, params int[] shape) where T : IFormattable
    {
        var texts = elements.Select(element => element.ToString("R", CultureInfo.InvariantCulture));
        for (var axis = shape.Length - 1; axis > 0; axis--) texts = texts.Chunk(shape[axis]).Select(row => $"[{string.Join(',', row)}]");
        return $"[{string.Join(',', texts)}]";
    }
}
