using System.Buffers.Binary;
using System.Text;
using Apache.Arrow;
using Apache.Arrow.Types;
using LossService.Tests.Support;

namespace LossService.Tests.Formats.Arrow;

/// <summary>Streams that are refused: with the column and the row, and never as a fault of the service.</summary>
public sealed class ArrowRefusalTests(TestService service)
{
    private static readonly (string, IArrowArray) Row = ArrowClient.Column("logits", "FP32", [1, 2], [1, 2]);
    private static readonly (string, IArrowArray) Label = ArrowClient.Column("labels", "INT64", [1], [0]);

    private readonly ArrowClient _client = new(service);

    [Fact]
    public async Task ClassAxis_OfTheRows_IsRefused()
    {
        var problem = (await _client.PostAsync("cross_entropy?class_axis=0", Row, Label)).IsProblem(422, "invalid-batch");
        Assert.Equal("#/class_axis", problem.GetProperty("errors")[0].GetProperty("pointer").GetString());
        Assert.StartsWith("axis 0 of a record batch is its rows", problem.GetProperty("errors")[0].GetProperty("detail").GetString()!,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Columns_ThatDoNotFit_AreRefused()
    {
        var text = ("labels", (IArrowArray)new StringArray.Builder().Append("cat").Build());
        var flat = ArrowClient.Column("logits", "FP32", [2], [1, 2]).Array;
        (string Words, string Pointer, (string, IArrowArray)[] Columns)[] cases =
        [
            ("predictions are missing", "#", [Label]),
            ("did you mean \"labels\"", "#/lables", [Row, ("lables", Label.Item2)]),
            ("use labels", "#/y_true", [Row, ("y_true", Label.Item2)]),
            ("unknown column \"id\"", "#/id", [Row, Label, ("id", Label.Item2)]),
            ("duplicate column \"labels\"", "#/labels", [Row, Label, Label]),
            ("expected numbers or booleans, got utf8", "#/labels", [Row, text]),
            ("expected a column of lists", "#/logits", [("logits", flat), ArrowClient.Column("labels", "INT64", [2], [0, 0])]),
            ("expected real numbers, got int64", "#/logits", [ArrowClient.Column("logits", "INT64", [1, 2], [1, 2]), Label]),
            ("labels are missing", "#", [Row]),
            ("is outside 0..1", "#/labels/0", [Row, ArrowClient.Column("labels", "INT64", [1], [2])]),
            ("got NaN", "#/logits/0/1", [ArrowClient.Column("logits", "FP32", [1, 2], [1, double.NaN]), Label]),
            ("got null; leave the sample out", "#/logits/0", [ArrowClient.Column("logits", "FP32", [1, 2], [1, 2], 0), Label]),
            ("expected true or false, got null", "#/mask/0", [Row, Label, ArrowClient.Column("mask", "BOOL", [1], [1], 0)]),
            ("expected one form of predictions", "#/probabilities",
                [Row, Label, ArrowClient.Column("probabilities", "FP32", [1, 2], [0.5, 0.5])]),
            ("labels have the shape [1, 3]", "#/labels", [Row, ArrowClient.Column("labels", "INT64", [1, 3], [0, 0, 0])]),
        ];
        foreach (var (words, pointer, columns) in cases)
        {
            var answer = await _client.PostAsync("cross_entropy", columns);
            var problem = answer.IsProblem(422, "invalid-batch");
            Assert.Equal(pointer, problem.GetProperty("errors")[0].GetProperty("pointer").GetString());
            Assert.Contains(words, problem.GetProperty("errors")[0].GetProperty("detail").GetString()!, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Lists_OfDifferentLengths_AreRefusedAtTheRow()
    {
        var answer = await _client.PostAsync("cross_entropy",
            ArrowClient.Lists("logits", [1, 2, 3, 4, 5], 0, 2, 5), ArrowClient.Column("labels", "INT64", [2], [0, 1]));
        answer.IsInvalidBatch("#/logits/1", "expected 2 elements, as in the rows before, got 3");
    }

    [Theory]
    [InlineData("labels=0", "#/labels", "labels is a tensor")]
    [InlineData("tensor_encoding=base64", "#/tensor_encoding", "applies to JSON only")]
    [InlineData("label_smoothing=2", "#/label_smoothing", "2 is not a number from 0 to 1")]
    [InlineData("label_smothing=0.1", "#/label_smothing", "did you mean \"label_smoothing\"")]
    public async Task Query_ThatIsWrong_IsRefused(string query, string pointer, string words)
    {
        var answer = await _client.PostAsync($"cross_entropy?{query}", Row, Label);
        var error = answer.IsProblem(422, "invalid-batch").GetProperty("errors")[0];
        Assert.Equal(pointer, error.GetProperty("pointer").GetString());
        if (query != "label_smoothing=2") Assert.Contains(words, error.GetProperty("detail").GetString()!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_ThatAreNoStream_Are400()
    {
        var good = ArrowClient.Write([[Row, Label]]);
        (string Words, byte[] Body)[] cases =
        [
            ("it is empty", []),
            ("it ends inside a message", good[..6]),
            ("it ends inside a message", ArrowStreams.Schema(good)[..^8]),
            ("it ends inside a message", good[..^24]),
            ("expected metadata of at most", Encoding.ASCII.GetBytes("""{"logits":[[1,2]],"labels":[0]}""")),
            ("the metadata of a message is broken", [0xFF, 0xFF, 0xFF, 0xFF, 8, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0]),
            ("it does not begin with a schema", good[ArrowStreams.Schema(good).Length..]),
            ("it has a second schema", [.. ArrowStreams.Schema(good), .. good]),
        ];
        foreach (var (words, body) in cases)
        {
            var detail = (await _client.PostAsync("cross_entropy", body)).IsProblem(400, "bad-request").GetProperty("detail").GetString()!;
            Assert.Contains(words, detail, StringComparison.Ordinal);
        }
    }

    /// <summary>The library reads nested fields by recursion, which would end the process.</summary>
    [Fact]
    public async Task Schema_OfManyLevels_Is400()
    {
        var type = (IArrowType)FloatType.Default;
        for (var level = 0; level < 60; level++) type = new ListType(new Field("item", type, true));
        var schema = new Schema([new Field("logits", type, true)], null);
        var stream = new MemoryStream();
        using var writer = new global::Apache.Arrow.Ipc.ArrowStreamWriter(stream, schema, leaveOpen: true);
        writer.WriteStart();
        writer.WriteEnd();
        var answer = await _client.PostAsync("cross_entropy", stream.ToArray());
        var detail = answer.IsProblem(400, "bad-request").GetProperty("detail").GetString()!;
        Assert.Contains("its schema is broken", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Batches_LongerThanTheLimit_AreRefused_AndTheNextIsScored()
    {
        using var small = new TestService(host => host.UseSetting("Limits:BodyBytes", "4096"));
        var client = new ArrowClient(small);
        (string, IArrowArray)[] Batch(int rows) =>
        [
            ArrowClient.Column("logits", "FP32", [rows, 3], new double[3 * rows]),
            ArrowClient.Column("labels", "INT64", [rows], new double[rows]),
        ];
        (await client.PostAsync("cross_entropy", Batch(1000))).IsProblem(413, "payload-too-large");
        var batches = ArrowClient.Read(await client.PostAsync("cross_entropy", ArrowClient.Write([Batch(10), Batch(1000), Batch(5)])));
        Assert.Equal([10.0, double.NaN, 5], batches.Select(batch => ArrowClient.Numbers(batch, "total_samples")[0]));
        Assert.Contains("413", ((StringArray)batches[1].Column("error")).GetString(0), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bodies_LongerThanTheMemory_AreRefused()
    {
        using var small = new TestService(host => host.UseSetting("Limits:MemoryBytes", $"{4 << 20}"));
        var answer = await new ArrowClient(small).PostAsync("cross_entropy",
            ArrowClient.Column("logits", "FP32", [2000, 1000], new double[2_000_000]),
            ArrowClient.Column("labels", "INT64", [2000], new double[2000]));
        answer.IsProblem(413, "payload-too-large");
    }

    [Fact]
    public async Task Streams_ChangedAtRandom_AreAnsweredOrRefused()
    {
        var labels = ArrowClient.Column("labels", "INT64", [3], [0, 1, 1], 1);
        var lists = ArrowClient.Lists("logits", [1, 2, 3, 4, 5, 6], 0, 2, 4, 6);
        byte[][] streams =
        [
            ArrowClient.Write(
                [[ArrowClient.Column("logits", "FP32", [3, 2], [1, 2, 3, 4, 5, 6]), labels]], new() { ["outputs"] = "losses" }),
            ArrowClient.Write([[lists, labels, ArrowClient.Column("mask", "BOOL", [3], [1, 0, 1])]]),
        ];
        var random = new Random(11);
        var statuses = new HashSet<int>();
        for (var i = 0; i < 4000; i++)
        {
            var changed = streams[i % 2].ToArray();
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                var at = random.Next(changed.Length / 4) * 4;
                // whole numbers at the ends of their ranges, or any byte
                if (random.Next(2) == 0) changed[at + random.Next(4)] = (byte)random.Next(256);
                else BinaryPrimitives.WriteInt32LittleEndian(changed.AsSpan(at), random.Next(4) switch
                {
                    0 => int.MaxValue,
                    1 => int.MinValue,
                    2 => -random.Next(200),
                    _ => random.Next(200),
                });
            }
            if (random.Next(8) == 0) changed = changed[..random.Next(changed.Length)];
            var answer = await _client.PostAsync("cross_entropy", changed);
            Assert.True(answer.Status is 200 or 400 or 413 or 422, $"{i}: {answer.Status} {answer.Text}");
            statuses.Add(answer.Status);
        }
        Assert.Contains(200, statuses);
        Assert.Contains(400, statuses);
        Assert.Contains(422, statuses);
    }
}
