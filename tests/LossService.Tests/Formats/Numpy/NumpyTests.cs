using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LossService.Core.Losses;
using LossService.Core.Tensors;
using LossService.Formats.Numpy;
using LossService.Requests;
using LossService.Tests.Formats.OpenInference;
using LossService.Tests.Shared;
using LossService.Tests.Support;

namespace LossService.Tests.Formats.Numpy;

/// <summary>Forms of .npy files: every array of NumPy is read, options come as texts, and answers are JSON or .npz files.</summary>
public sealed class NumpyTests(TestService service)
{
    private const string Path = "/v1/losses/cross_entropy";

    private readonly NumpyClient _client = new(service);

    /// <summary>The names of the files that NumPy wrote.</summary>
    public static TheoryData<string> Arrays => [.. AllArrays().Select(array => array.GetProperty("name").GetString()!)];

    [Theory, MemberData(nameof(Arrays))]
    public unsafe void Array_OfNumPy_IsRead(string name)
    {
        var array = AllArrays().Single(array => array.GetProperty("name").GetString() == name);
        var file = array.GetProperty("file").GetBytesFromBase64();
        using var request = new ScoreRequest(LossCatalogue.Find("cross_entropy")!);
        // at an odd address, as in a form
        fixed (byte* start = (byte[])[0, .. file])
        {
            using var tensor = NpyReader.Read(TensorField.Logits, start + 1, file.Length, request);
            Assert.Empty(request.Errors.First);
            Assert.Equal(array.GetProperty("dtype").GetString(), tensor!.DType.Name());
            Assert.Equal(array.GetProperty("shape").Deserialize<int[]>(), tensor.Shape.Axes.ToArray());
            var numbers = new double[tensor.Count];
            tensor.Read(0, numbers);
            Assert.Equal(array.GetProperty("numbers").Deserialize<double[]>(), numbers);
        }
    }

    [Fact]
    public async Task Form_AsCurlSendsIt_AnswersAsJson()
    {
        var expected = await service.PostAsync(Path,
            """{"logits":[[2,1,0.5],[0.25,2.25,0.5]],"labels":[0,1],"label_smoothing":0.1,"outputs":["loss","gradient"],"id":"7"}""");
        var form = await _client.PostAsync(
            [.. NumpyClient.Good, ("label_smoothing", 0.1), ("outputs", "loss"), ("outputs", "gradient"), ("id", 7)]);
        Assert.Equal((200, "application/json"), (form.Status, form.Header("Content-Type")));
        Assert.Equal(expected.Text, form.Text);
        Assert.Equal(expected.Text, (await _client.PostAsync(
            [.. NumpyClient.Good, ("outputs", """["loss", "gradient"]""")], path: "cross_entropy?label_smoothing=0.1&id=7")).Text);
        Assert.Equal(expected.Text, (await _client.PostAsync(
            NumpyClient.Good, path: "cross_entropy?label_smoothing=0.1&id=7&outputs=loss&outputs=gradient")).Text);
    }

    [Theory]
    [InlineData("float16", "<f2", "FP16")]
    [InlineData("float32", "<f4", "FP32")]
    [InlineData("float64", "<f8", "FP64")]
    public async Task Npz_OfEveryOutput_HasTheNumbersOfJson(string dtype, string descr, string datatype)
    {
        double[] logits = [2, 1, 0.5, 0.25, 2.25, 0.5];
        string[] outputs =
            ["loss", "losses", "gradient", "hessian", "probabilities", "log_probabilities", "entropy", "predictions", "metrics"];
        (string, object)[] parts =
        [
            ("logits", NpyFile.Write(datatype, [2, 3], logits)), ("labels", NpyFile.Write("INT64", [2], [0, 1])),
            ("top_k", "[1,2]"), .. outputs.Select(output => ("outputs", (object)output)),
        ];
        var json = JsonNode.Parse((await _client.PostAsync(parts)).Text)!;
        foreach (var type in (string[])[NumpyClient.Npz, "application/zip", "application/json;q=0.5, application/x-npz"])
        {
            var answer = await _client.PostAsync(parts, type.Contains(',', StringComparison.Ordinal) ? NumpyClient.Npz : type);
            Assert.Equal(200, answer.Status);
            var files = NpyFile.ReadArchive(answer.Body);
            Assert.Equal(descr, files["gradient"].Descr);
            Assert.Equal([2, 3], files["gradient"].Shape);
            Assert.Empty(files["loss"].Shape);
            Assert.Equal(("<i8", 2), (files["total_samples"].Descr, files["total_samples"].Numbers[0]));
            Assert.Equal([1, 1], files["top_k_accuracy"].Numbers);
            foreach (var name in outputs[..^1]) Assert.Equal(Numbers(json[name]!, dtype), files[name].Numbers);
            Assert.Equal(Numbers(json["metrics"]!["perplexity"]!, "float64"), files["perplexity"].Numbers);
        }
    }

    [Fact]
    public async Task Npz_OfNothingKept_HasNaN_AndWords()
    {
        var answer = await _client.PostAsync(
            [
                ("logits", NpyFile.Write("FP32", [1, 2], [1, 0])), ("labels", NpyFile.Write("INT64", [1], [-1])),
                ("ignore_index", -1), ("id", "aé"),
            ],
            NumpyClient.Npz);
        var files = NpyFile.ReadArchive(answer.Body);
        Assert.Equal([double.NaN], files["loss"].Numbers);
        Assert.Equal([0], files["total_samples"].Numbers);
        Assert.Equal("<U2", files["id"].Descr);
    }

    [Fact]
    public async Task Npz_OfManyMegabytes_IsWhole_AndTheSameEachTime()
    {
        var logits = Enumerable.Range(0, 500_000).Select(i => i % 17 / 4.0).ToArray();
        (string, object)[] parts =
        [
            ("logits", NpyFile.Write("FP64", [5000, 100], logits)), ("labels", NpyFile.Write("INT64", [5000], new double[5000])),
            ("outputs", "gradient"),
        ];
        var first = await _client.PostAsync(parts, NumpyClient.Npz);
        Assert.Equal(500_000, NpyFile.ReadArchive(first.Body)["gradient"].Numbers.Length);
        Assert.Equal(first.Body, (await _client.PostAsync(parts, NumpyClient.Npz)).Body);
    }

    [Fact]
    public async Task Arrays_InFortranOrderAndBigEndian_ScoreAsTheSameNumbers()
    {
        var expected = (await _client.PostAsync([.. NumpyClient.Good, ("outputs", "gradient")])).Text;
        var columns = Elements.Bytes("FP32", [2, 0.25, 1, 2.25, 0.5, 0.5]);
        foreach (var (descr, bytes) in ((string, byte[])[])[("<f4", columns), (">f4", Reverse(columns, 4))])
        {
            var answer = await _client.PostAsync(
                [("logits", NpyFile.WriteBytes(descr, [2, 3], bytes, isFortran: true)), NumpyClient.Good[1], ("outputs", "gradient")]);
            Assert.Equal(expected, answer.Text);
        }
    }

    [Fact]
    public async Task Options_OfEveryForm_AreReadFromText()
    {
        var json = await service.PostAsync(Path, """
            {"logits":[[2,1,0.5],[0.25,2.25,0.5]],"labels":[0,1],"class_weight":[1,0.5,2],"ignore_index":[-1,-100],"reduction":"sum",
             "mean_over":"samples","unit":"bits","dtype":"float64","temperature":1.5,"outputs":["loss","losses"]}
            """);
        (string, object)[] options =
        [
            ("reduction", "sum"), ("mean_over", "samples"), ("unit", "bits"), ("dtype", "float64"), ("temperature", "1.5"),
            ("ignore_index", -1), ("ignore_index", -100), ("outputs", "loss"), ("outputs", "losses"),
        ];
        (string, object)[][] weights =
            [[("class_weight", "[1, 0.5, 2]")], [("class_weight", 1), ("class_weight", 0.5), ("class_weight", 2)]];
        foreach (var weight in weights)
            Assert.Equal(json.Text, (await _client.PostAsync([.. NumpyClient.Good, .. options, .. weight])).Text);
        Assert.Equal(200, (await _client.PostAsync(
            [("logits", NumpyClient.Good[0].Item2), ("labels", NpyFile.Write("FP32", [2, 3], [1, 0, 0, 0, 1, 0])), ("normalize", "true"),
                ("temperature", "null")])).Status);
    }

    [Theory, MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public async Task Form_WithoutAFile_SaysWhatIsMissing(string name)
    {
        var answer = await _client.PostAsync([("reduction", "sum")], path: name);
        answer.IsInvalidBatch("#", "predictions are missing");
    }

    [Fact]
    public async Task Form_Compressed_IsRead()
    {
        var form = new MultipartFormDataContent();
        foreach (var (name, value) in NumpyClient.Good) form.Add(new ByteArrayContent((byte[])value), name, name);
        var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            await form.CopyToAsync(gzip, TestContext.Current.CancellationToken);
        var content = new ByteArrayContent(packed.ToArray());
        content.Headers.ContentType = form.Headers.ContentType;
        content.Headers.ContentEncoding.Add("gzip");
        Assert.Equal((await _client.PostAsync(NumpyClient.Good)).Text, (await _client.PostAsync(content)).Text);
    }

    [Fact]
    public async Task Form_OfBareBoundaryAndLongPreamble_IsRead()
    {
        byte[] body =
        [
            .. Encoding.ASCII.GetBytes(new string('x', 300) + "\r\n"),
            .. NumpyClient.Good.SelectMany(part => (byte[])
            [
                .. Encoding.ASCII.GetBytes($"--b\r\nContent-Disposition: form-data; name={part.Item1}\r\n\r\n"),
                .. (byte[])part.Item2,
                .. "\r\n"u8,
            ]),
            .. "--b--\r\nepilogue"u8,
        ];
        Assert.Equal(200, (await service.PostAsync(Path, body, "multipart/form-data; boundary=\"b\"")).Status);
    }

    private static byte[] Reverse(byte[] bytes, int size) => [.. bytes.Chunk(size).SelectMany(element => element.Reverse())];

    private static JsonElement.ArrayEnumerator AllArrays() => JsonDocument.Parse(
        File.ReadAllText(System.IO.Path.Combine(AppContext.BaseDirectory, "Formats/Numpy/arrays.json"))).RootElement.EnumerateArray();

    private static double[] Numbers(JsonNode node, string dtype) => node is JsonArray list
        ? [.. list.SelectMany(inner => Numbers(inner!, dtype))]
        : [dtype != "float64" && node.Parent is JsonArray ? node.GetValue<float>() : node.GetValue<double>()];
}
