using System.Net.Http.Headers;
using System.Text.Json;
using Apache.Arrow;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;
using LossService.Tests.Formats.OpenInference;
using LossService.Tests.Support;

namespace LossService.Tests.Formats.Arrow;

/// <summary>Posts streams that Arrow's own library writes, and reads the answers by it.</summary>
internal sealed class ArrowClient(TestService service)
{
    public const string MediaType = "application/vnd.apache.arrow.stream";

    private static readonly Dictionary<string, IArrowType> Types = new()
    {
        ["FP16"] = HalfFloatType.Default,
        ["FP32"] = FloatType.Default,
        ["FP64"] = DoubleType.Default,
        ["BOOL"] = BooleanType.Default,
        ["INT8"] = Int8Type.Default,
        ["INT32"] = Int32Type.Default,
        ["INT64"] = Int64Type.Default,
        ["UINT8"] = UInt8Type.Default,
    };

    /// <summary>A column of numbers in a shape: lists of a fixed size but for the rows; rows listed as null are.</summary>
    public static (string Name, IArrowArray Array) Column(string name, string datatype, int[] shape, double[] numbers, params int[] nulls)
    {
        var bytes = datatype == "BOOL" ? Pack(numbers.Select(number => number != 0)) : Elements.Bytes(datatype, numbers);
        var isFlat = shape.Length == 1;
        var data = new ArrayData(Types[datatype], numbers.Length, isFlat ? nulls.Length : 0, 0,
            [isFlat ? Bits(shape[0], nulls) : ArrowBuffer.Empty, new ArrowBuffer(bytes)], []);
        for (var axis = shape.Length - 1; axis > 0; axis--)
        {
            data = new(new FixedSizeListType(new Field("item", data.DataType, true), shape[axis]),
                shape[..axis].Aggregate(1, (count, length) => count * length), axis == 1 ? nulls.Length : 0, 0,
                [axis == 1 ? Bits(shape[0], nulls) : ArrowBuffer.Empty], [data]);
        }
        return (name, ArrowArrayFactory.BuildArray(data));
    }

    /// <summary>A column of lists with lengths of their own.</summary>
    public static (string Name, IArrowArray Array) Lists(string name, double[] numbers, params int[] offsets) =>
        (name, ArrowArrayFactory.BuildArray(new ArrayData(
            new ListType(new Field("item", FloatType.Default, true)), offsets.Length - 1, 0, 0,
            [ArrowBuffer.Empty, new ArrowBuffer(offsets.SelectMany(BitConverter.GetBytes).ToArray())],
            [Column(name, "FP32", [numbers.Length], numbers).Array.Data])));

    /// <summary>Two rows of three logits.</summary>
    public static (string, IArrowArray) Logits => Column("logits", "FP32", [2, 3], [2, 1, 0.5, 0.25, 2.25, 0.5]);

    /// <summary>Their classes.</summary>
    public static (string, IArrowArray) Labels => Column("labels", "INT64", [2], [0, 1]);

    /// <summary>A stream of batches of the same columns.</summary>
    public static byte[] Write(
        (string Name, IArrowArray Array)[][] batches, Dictionary<string, string>? metadata = null, Func<Field, Field>? change = null)
    {
        var fields = batches[0].Select(column => new Field(column.Name, column.Array.Data.DataType, true));
        var schema = new Schema(change is null ? fields : fields.Select(change), metadata);
        var stream = new MemoryStream();
        using var writer = new ArrowStreamWriter(stream, schema, leaveOpen: true);
        foreach (var batch in batches)
            if (batch.Length > 0) writer.WriteRecordBatch(new(schema, batch.Select(column => column.Array), batch[0].Array.Length));
        writer.WriteStart();
        writer.WriteEnd();
        return stream.ToArray();
    }

    /// <summary>Posts a batch.</summary>
    public Task<Answer> PostAsync(string path, params (string, IArrowArray)[] columns) => PostAsync(path, Write([columns]));

    /// <summary>Posts a stream.</summary>
    public Task<Answer> PostAsync(string path, byte[] stream, string? coding = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/losses/{path}") { Content = new ByteArrayContent(stream) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(MediaType);
        if (coding is not null) request.Content.Headers.ContentEncoding.Add(coding);
        return service.SendAsync(request);
    }

    /// <summary>The record batches of an answer.</summary>
    public static List<RecordBatch> Read(Answer answer)
    {
        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal(MediaType, answer.Header("Content-Type"));
        using var reader = new ArrowStreamReader(new MemoryStream(answer.Body));
        List<RecordBatch> batches = [];
        while (reader.ReadNextRecordBatch() is { } batch) batches.Add(batch);
        return batches;
    }

    /// <summary>The numbers of a column, in order, those of lists too; NaN for null.</summary>
    public static double[] Numbers(IArrowArray array) => array switch
    {
        FixedSizeListArray list => [.. Enumerable.Range(0, list.Length).Where(list.IsValid)
            .SelectMany(row => Numbers(list.GetSlicedValues(row)))],
        ListArray list => [.. Enumerable.Range(0, list.Length).Where(list.IsValid).SelectMany(row => Numbers(list.GetSlicedValues(row)))],
        HalfFloatArray numbers => [.. numbers.Select(number => (double?)number ?? double.NaN)],
        FloatArray numbers => [.. numbers.Select(number => number ?? double.NaN)],
        DoubleArray numbers => [.. numbers.Select(number => number ?? double.NaN)],
        Int64Array numbers => [.. numbers.Select(number => number ?? double.NaN)],
        _ => throw new ArgumentException($"{array.Data.DataType}"),
    };

    /// <summary>The numbers of a column of a batch; of a number of the whole batch that number.</summary>
    public static double[] Numbers(RecordBatch batch, string name) => Numbers(batch.Column(name));

    /// <summary>Posts a batch and gets its scores by name.</summary>
    public async Task<Dictionary<string, double[]>> ScoreAsync(OipBatch batch, IEnumerable<string> outputs)
    {
        var columns = batch.Inputs.Select(input => Column(input.Name, input.Datatype, input.Shape, input.Numbers)).ToArray();
        var query = batch.Parameters.Select(parameter => $"{parameter.Name}={Uri.EscapeDataString(Text(parameter.Value))}")
            .Concat(outputs.Select(output => $"outputs={output}"));
        var scored = Assert.Single(Read(await PostAsync($"{batch.Model}?{string.Join('&', query)}", columns)));
        return scored.Schema.FieldsList.Where(field => field.Name is not ("notices" or "error")).ToDictionary(
            field => field.Name,
            // of a number or a list of the batch, what its first row has
            field => scored.Column(field.Name) is { NullCount: > 0 } and not ListArray
                ? [.. Numbers(scored, field.Name).Take(1)] : Numbers(scored, field.Name));
    }

    private static string Text(object value) => value as string ?? JsonSerializer.Serialize(value);

    private static ArrowBuffer Bits(int count, int[] nulls) =>
        nulls is [] ? ArrowBuffer.Empty : new(Pack(Enumerable.Range(0, count).Select(row => !nulls.Contains(row))));

    private static byte[] Pack(IEnumerable<bool> bits) =>
        [.. bits.Chunk(8).Select(eight => (byte)eight.Select((bit, i) => bit ? 1 << i : 0).Sum())];
}
