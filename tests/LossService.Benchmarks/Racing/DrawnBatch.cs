using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace LossService.Benchmarks.Racing;

/// <summary>A batch of normal logits (deviation 2) and uniform labels, the same in every run, in each format that is posted.</summary>
internal sealed class DrawnBatch
{
    private readonly int _rows;
    private readonly int _classes;

    /// <summary>Draws a batch.</summary>
    public DrawnBatch(int rows, int classes, int labels)
    {
        (_rows, _classes) = (rows, classes);
        var random = new Random(1);
        Logits = new float[rows * classes];
        for (var i = 0; i < Logits.Length; i++)
        {
            var radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            Logits[i] = (float)(2 * radius * Math.Cos(2 * Math.PI * random.NextDouble()));
        }
        Labels = new long[labels];
        for (var i = 0; i < labels; i++) Labels[i] = random.Next(classes);
    }

    /// <summary>A batch of rows of classes, each row with the index of one.</summary>
    public DrawnBatch(int rows, int classes) : this(rows, classes, rows) { }

    /// <summary>Row-major.</summary>
    public float[] Logits { get; }

    /// <summary>Class indices.</summary>
    public long[] Labels { get; }

    /// <summary>The native request: <c>{"logits": [[…]], "labels": […], "outputs": […]}</c>.</summary>
    public byte[] ToJson(params string[] outputs)
    {
        using var json = new MemoryStream(Logits.Length * 11 + Labels.Length * 6 + 128);
        json.Write("{\"logits\":"u8);
        WriteLogits(json, asPython: false);
        json.Write(Encoding.ASCII.GetBytes(
            $",\"labels\":[{string.Join(',', Labels)}],\"outputs\":[\"{string.Join("\",\"", outputs)}\"]}}"));
        return json.ToArray();
    }

    /// <summary>The logits alone as nested arrays: the shortest digits of each float32, or, as Python prints it, of the double it widens
    /// to.</summary>
    public byte[] ToJsonArray(bool asPython)
    {
        using var json = new MemoryStream();
        WriteLogits(json, asPython);
        return json.ToArray();
    }

    /// <summary>The Open Inference Protocol's request, both tensors and all outputs binary.</summary>
    /// <returns>The body, and the length of the JSON that it begins with.</returns>
    public (byte[] Body, int HeaderLength) ToBinary(params string[] outputs)
    {
        var wanted = string.Join(',', outputs.Select(output => $$$"""{"name":"{{{output}}}","parameters":{"binary_data":true}}"""));
        var header = Encoding.ASCII.GetBytes($$$"""
            {"inputs":[{"name":"logits","datatype":"FP32","shape":[{{{_rows}}},{{{_classes}}}],"parameters":{"binary_data_size":{{{Logits.Length * 4}}}}},{"name":"labels","datatype":"INT64","shape":[{{{_rows}}}],"parameters":{"binary_data_size":{{{Labels.Length * 8}}}}}],"outputs":[{{{wanted}}}]}
            """);
        return ([.. header, .. MemoryMarshal.AsBytes<float>(Logits), .. MemoryMarshal.AsBytes<long>(Labels)], header.Length);
    }

    private void WriteLogits(MemoryStream json, bool asPython)
    {
        var text = new byte[32];
        for (var i = 0; i < Logits.Length; i++)
        {
            json.Write(i == 0 ? "[["u8 : i % _classes == 0 ? "],["u8 : asPython ? ", "u8 : ","u8);
            int length;
            if (asPython) ((double)Logits[i]).TryFormat(text, out length, default, CultureInfo.InvariantCulture);
            else Logits[i].TryFormat(text, out length, default, CultureInfo.InvariantCulture);
            json.Write(text, 0, length);
        }
        json.Write("]]"u8);
    }
}
