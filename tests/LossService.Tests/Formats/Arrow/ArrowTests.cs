using System.IO.Compression;
using System.Text.Json;
using Apache.Arrow;
using Apache.Arrow.Types;
using LossService.Tests.Support;

namespace LossService.Tests.Formats.Arrow;

/// <summary>Streams of Arrow: every form of column that is a tensor, nulls, options, and answers batch by batch.</summary>
public sealed class ArrowTests(TestService service)
{
    private const string Outputs = "outputs=loss&outputs=losses&outputs=gradient";

    private readonly ArrowClient _client = new(service);

    [Fact]
    public async Task Batch_OfFixedLists_AnswersWithARowForEachSample()
    {
        var batch = Assert.Single(ArrowClient.Read(
            await _client.PostAsync($"cross_entropy?{Outputs}&label_smoothing=0.1&id=7", ArrowClient.Logits, ArrowClient.Labels)));
        var json = await JsonAsync("""
            {"logits":[[2,1,0.5],[0.25,2.25,0.5]],"labels":[0,1],"label_smoothing":0.1,"outputs":["loss","losses","gradient"]}
            """);
        Assert.Equal(
            ["loss", "losses", "gradient", "total_samples", "total_weight", "total_loss", "notices", "error"],
            batch.Schema.FieldsList.Select(field => field.Name));
        Assert.Equal("7", batch.Schema.Metadata["id"]);
        Assert.Equal(2, batch.Length);
        Assert.Equal(Singles(json.GetProperty("losses")), ArrowClient.Numbers(batch, "losses"));
        Assert.Equal(json.GetProperty("gradient").EnumerateArray().SelectMany(Singles), ArrowClient.Numbers(batch, "gradient"));
        Assert.Equal(3, Assert.IsType<FixedSizeListType>(batch.Schema.GetFieldByName("gradient").DataType).ListSize);
        // numbers of the batch are in its first row
        Assert.Equal([json.GetProperty("loss").GetDouble(), double.NaN], ArrowClient.Numbers(batch, "loss"));
        Assert.Equal([2, double.NaN], ArrowClient.Numbers(batch, "total_samples"));
        Assert.Equal(2, batch.Column("error").NullCount);
    }

    [Fact]
    public async Task Batch_WithoutOutputsOfSamples_AnswersWithOneRow()
    {
        var batch = Assert.Single(ArrowClient.Read(
            await _client.PostAsync("cross_entropy?outputs=loss&outputs=metrics&top_k=[1,2]", ArrowClient.Logits, ArrowClient.Labels)));
        Assert.Equal(1, batch.Length);
        Assert.Equal([1, 1], ArrowClient.Numbers(batch, "top_k_accuracy"));
        Assert.Equal(15 * 6, ArrowClient.Numbers(batch, "calibration_bins").Length);
        Assert.Equal(0, batch.Column("perplexity").NullCount);
    }

    [Fact]
    public async Task Columns_OfEveryForm_ScoreAsTheSameNumbers()
    {
        var path = $"cross_entropy?{Outputs}";
        var expected = Assert.Single(ArrowClient.Read(await _client.PostAsync(path, ArrowClient.Logits, ArrowClient.Labels)));
        double[] numbers = [2, 1, 0.5, 0.25, 2.25, 0.5];
        var flat = ArrowClient.Column("logits", "FP32", [6], numbers).Array;
        (string, IArrowArray)[] logits =
        [
            ArrowClient.Lists("logits", numbers, 0, 3, 6), LargeLists(flat, 0, 3, 6), ArrowClient.Column("logits", "FP32", [2, 3], numbers),
        ];
        (string, IArrowArray)[] labels =
        [
            ArrowClient.Column("labels", "INT8", [2], [0, 1]), ArrowClient.Column("labels", "UINT8", [2], [0, 1]), Dictionary("cat", "dog"),
            ArrowClient.Column("labels", "BOOL", [2, 3], [1, 0, 0, 0, 1, 0]),
            ArrowClient.Column("labels", "FP32", [2, 3], [1, 0, 0, 0, 1, 0]),
        ];
        foreach (var predictions in logits)
            foreach (var truth in labels)
            {
                var batch = Assert.Single(ArrowClient.Read(await _client.PostAsync(path, predictions, truth)));
                foreach (var name in (string[])["loss", "losses", "gradient", "total_loss"])
                    Assert.Equal(ArrowClient.Numbers(expected, name), ArrowClient.Numbers(batch, name));
            }
    }

    [Fact]
    public async Task FixedShapeTensor_IsReadInItsShape()
    {
        double[] numbers = [.. Enumerable.Range(0, 12).Select(i => i % 5 / 4.0)];
        (string, IArrowArray)[] flat =
            [ArrowClient.Column("logits", "FP64", [2, 6], numbers), ArrowClient.Column("labels", "INT64", [2, 2], [0, 1, 2, 0])];
        var stream = ArrowClient.Write([flat], change: field => field.Name != "logits" ? field : new(field.Name, field.DataType, true,
            new Dictionary<string, string>
            {
                ["ARROW:extension:name"] = "arrow.fixed_shape_tensor",
                ["ARROW:extension:metadata"] = """{"shape":[2,3],"dim_names":["time","class"],"permutation":[0,1]}""",
            }));
        var batch = Assert.Single(ArrowClient.Read(await _client.PostAsync($"cross_entropy?{Outputs}", stream)));
        flat[0] = ArrowClient.Column("logits", "FP64", [2, 2, 3], numbers);
        var nested = Assert.Single(ArrowClient.Read(await _client.PostAsync($"cross_entropy?{Outputs}", flat)));
        Assert.Equal(12, ArrowClient.Numbers(batch, "gradient").Length);
        foreach (var name in (string[])["losses", "gradient"])
        {
            Assert.Equal(ArrowClient.Numbers(nested, name), ArrowClient.Numbers(batch, name));
            Assert.Equal(nested.Schema.GetFieldByName(name).DataType.ToString(), batch.Schema.GetFieldByName(name).DataType.ToString());
        }
    }

    [Fact]
    public async Task NullLabelsAndWeights_AreMasked()
    {
        double[] logits = [2, 1, 0.25, 2.25, -1, 0.5, 3, 0];
        var expected = await JsonAsync("""
            {"logits":[[2,1],[0.25,2.25],[-1,0.5],[3,0]],"labels":[0,1,1,0],"mask":[true,false,false,false],"outputs":["losses"]}
            """);
        // what lies below a null is nothing that could be scored
        var batch = Assert.Single(ArrowClient.Read(await _client.PostAsync("cross_entropy?outputs=losses",
            ArrowClient.Column("logits", "FP32", [4, 2], logits),
            ArrowClient.Column("labels", "INT64", [4], [0, -77, 1, 0], 1),
            ArrowClient.Column("sample_weight", "FP32", [4], [1, 1, double.NaN, 1], 2),
            ArrowClient.Column("mask", "BOOL", [4], [1, 1, 1, 0]))));
        Assert.Equal(Singles(expected.GetProperty("losses")), ArrowClient.Numbers(batch, "losses"));
        Assert.Equal(1, ArrowClient.Numbers(batch, "total_samples")[0]);

        // rows of elements, and dense labels
        var rows = Assert.Single(ArrowClient.Read(await _client.PostAsync("binary_cross_entropy?outputs=losses",
            ArrowClient.Column("logits", "FP32", [4, 2], logits),
            ArrowClient.Column("labels", "FP32", [4, 2], [0, 1, 9, 9, 1, 0, 1, 1], 1))));
        Assert.Equal(6, ArrowClient.Numbers(rows, "total_samples")[0]);
        var dense = Assert.Single(ArrowClient.Read(await _client.PostAsync("cross_entropy?outputs=losses",
            ArrowClient.Column("logits", "FP32", [4, 2], logits),
            ArrowClient.Column("labels", "FP32", [4, 2], [0, 1, 9, 9, 1, 0, 0, 1], 1, 3))));
        Assert.Equal(2, ArrowClient.Numbers(dense, "total_samples")[0]);
        // one weight a row of elements
        var weights = Assert.Single(ArrowClient.Read(await _client.PostAsync("binary_cross_entropy?outputs=losses",
            ArrowClient.Column("logits", "FP32", [4, 2], logits), ArrowClient.Column("labels", "FP32", [4, 2], [0, 1, 0, 0, 1, 0, 1, 1]),
            ArrowClient.Column("sample_weight", "FP32", [4, 1], [1, 1, 1, 1], 0))));
        Assert.Equal(6, ArrowClient.Numbers(weights, "total_samples")[0]);
    }

    [Fact]
    public async Task Batches_OfAStream_AreAnsweredOneByOne_AndAnInvalidOneSpoilsNoOther()
    {
        (string, IArrowArray)[] Batch(params double[] labels) => [ArrowClient.Logits, ArrowClient.Column("labels", "INT64", [2], labels)];
        var batches = ArrowClient.Read(await _client.PostAsync("cross_entropy?outputs=losses&outputs=gradient",
            ArrowClient.Write([Batch(0, 1), Batch(0, 7), Batch(1, 1)])));
        Assert.Equal([2, 1, 2], batches.Select(batch => batch.Length));
        var error = JsonDocument.Parse(((StringArray)batches[1].Column("error")).GetString(0)).RootElement;
        Assert.Equal((422, "#/labels/1"),
            (error.GetProperty("status").GetInt32(), error.GetProperty("errors")[0].GetProperty("pointer").GetString()));
        Assert.Equal(1, batches[1].Column("losses").NullCount);
        Assert.Equal(1, batches[1].Column("gradient").NullCount);

        // totals over all rows are those of the valid batches as one
        var whole = await JsonAsync(
            """{"logits":[[2,1,0.5],[0.25,2.25,0.5],[2,1,0.5],[0.25,2.25,0.5]],"labels":[0,1,1,1],"outputs":["loss"]}""");
        var sum = batches.SelectMany(batch => ArrowClient.Numbers(batch, "total_loss")).Where(double.IsFinite).Sum();
        Assert.Equal(whole.GetProperty("totals").GetProperty("loss").GetDouble(), sum, 1e-12);
    }

    [Fact]
    public async Task Options_InTheSchema_AreReadAsInTheQuery_AndOtherProgramsLeftAlone()
    {
        (string, IArrowArray)[] columns = [ArrowClient.Logits, ArrowClient.Labels];
        var query = await _client.PostAsync("cross_entropy?label_smoothing=0.1&outputs=losses&class_weight=[1,2,0.5]", columns);
        var metadata = new Dictionary<string, string>
        {
            ["label_smoothing"] = "0.1",
            ["outputs"] = """["losses"]""",
            ["class_weight"] = "[1,2,0.5]",
            ["pandas"] = "{}",
            ["org.apache.spark.version"] = "4",
        };
        var schema = await _client.PostAsync("cross_entropy", ArrowClient.Write([columns], metadata));
        Assert.Equal(ArrowClient.Numbers(ArrowClient.Read(query)[0], "losses"), ArrowClient.Numbers(ArrowClient.Read(schema)[0], "losses"));

        metadata["label_smothing"] = "0.2";
        (await _client.PostAsync("cross_entropy", ArrowClient.Write([columns], metadata)))
            .IsInvalidBatch("#/label_smothing", "did you mean \"label_smoothing\"");
        metadata.Remove("label_smothing");
        (await _client.PostAsync("cross_entropy?outputs=loss", ArrowClient.Write([columns], metadata)))
            .IsInvalidBatch("#/outputs", "is in the schema and in the query");
    }

    [Fact]
    public async Task Streams_OfNothing_AreAnswered()
    {
        Assert.Empty(ArrowClient.Read(await _client.PostAsync("cross_entropy", Empty(hasBatch: false))));
        var batch = Assert.Single(ArrowClient.Read(await _client.PostAsync("cross_entropy?outputs=losses", Empty(hasBatch: true))));
        Assert.Equal(0, batch.Length);
        var lists = ArrowClient.Lists("logits", [], 0);
        batch = Assert.Single(ArrowClient.Read(
            await _client.PostAsync($"cross_entropy?{Outputs}", lists, ArrowClient.Column("labels", "INT64", [0], []))));
        Assert.Equal(0, batch.Length);

        static byte[] Empty(bool hasBatch)
        {
            (string, IArrowArray)[] columns =
                [ArrowClient.Column("logits", "FP32", [0, 3], []), ArrowClient.Column("labels", "INT64", [0], [])];
            var whole = ArrowClient.Write([columns]);
            return hasBatch ? whole : ArrowStreams.WithoutBatches(whole);
        }
    }

    [Fact]
    public async Task Stream_Compressed_IsRead()
    {
        var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(ArrowClient.Write([[ArrowClient.Logits, ArrowClient.Labels]]));
        Assert.Single(ArrowClient.Read(await _client.PostAsync("cross_entropy", packed.ToArray(), "gzip")));
    }

    [Fact]
    public async Task Notices_AreInTheirColumn()
    {
        var batch = Assert.Single(ArrowClient.Read(await _client.PostAsync("cross_entropy",
            ArrowClient.Column("logits", "FP32", [1, 2], [0.5, 0.5]), ArrowClient.Column("labels", "INT64", [1], [0]))));
        Assert.Contains("send them as probabilities", ((StringArray)batch.Column("notices")).GetString(0), StringComparison.Ordinal);
    }

    private async Task<JsonElement> JsonAsync(string body, string loss = "cross_entropy")
    {
        var answer = await service.PostAsync($"/v1/losses/{loss}", body);
        Assert.True(answer.Status == 200, answer.Text);
        return JsonDocument.Parse(answer.Body).RootElement;
    }

    private static IEnumerable<double> Singles(JsonElement list) => list.EnumerateArray().Select(number => (double)number.GetSingle());

    private static (string, IArrowArray) LargeLists(IArrowArray values, params long[] offsets) =>
        ("logits", ArrowArrayFactory.BuildArray(new ArrayData(
            new LargeListType(new Field("item", FloatType.Default, true)), offsets.Length - 1, 0, 0,
            [ArrowBuffer.Empty, new ArrowBuffer(offsets.SelectMany(BitConverter.GetBytes).ToArray())], [values.Data])));

    private static (string, IArrowArray) Dictionary(params string[] names)
    {
        var indices = new Int8Array.Builder().AppendRange(Enumerable.Range(0, names.Length).Select(i => (sbyte)i)).Build();
        return ("labels", new DictionaryArray(
            new DictionaryType(Int8Type.Default, StringType.Default, false), indices,
            new StringArray.Builder().AppendRange(names).Build()));
    }
}
