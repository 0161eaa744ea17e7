using System.Globalization;
using System.Text;
using LossService.Core.Tensors;
using LossService.Formats.OpenInference;

namespace LossService.Tests.Shared.Hostile;

/// <summary>Writes batches as infer requests of the Open Inference Protocol, with tensors in the JSON or as bytes behind it.</summary>
internal sealed class InferBody(HostileBatch batch, Choices choices, int room)
{
    private readonly BodyText _json = new(room);
    private readonly BodyText _tail = new(room);

    /// <summary>Writes a batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="to">Where to.</param>
    /// <param name="choices">Decides what the format leaves open.</param>
    /// <param name="isBinary">Whether bytes may follow the JSON.</param>
    /// <returns>The length of the JSON, which a header tells.</returns>
    public static int Write(HostileBatch batch, BodyText to, Choices choices, bool isBinary)
    {
        var body = new InferBody(batch, choices, to.Room / 2);
        body.WriteRequest(isBinary);
        to.Add(body._json.Bytes).Add(body._tail.Bytes);
        return body._json.Bytes.Length;
    }

    private void WriteRequest(bool isBinary)
    {
        _json.Add("{\"inputs\":[");
        var index = 0;
        foreach (var (name, tensor) in batch.Tensors)
        {
            if (index++ > 0) _json.Add(",");
            WriteInput(name, tensor, isBinary && !choices.OneIn(8));
        }
        if (choices.OneIn(16)) _json.Repeat(index > 0 ? """,{"name":"x","datatype":"FP32","shape":[0]}""" : "", choices.Near(16));
        _json.Add("]");
        if (batch.Members.Count > 0) WriteParameters();
        if (batch.Outputs is { } outputs)
            _json.Add(",\"outputs\":[").Add(string.Join(',', outputs.Select(WriteOutput))).Add("]");
        _json.Add("}");
        if (isBinary && choices.OneIn(16)) _tail.Repeat("\0", choices.Size(room));
    }

    private void WriteInput(string name, HostileTensor tensor, bool isBinary)
    {
        var dtype = DTypeOf(name, isBinary);
        var datatype = choices.OneIn(32) ? choices.Of("BYTES", "FP8", "", "fp32") : dtype.Datatype();
        _json.Add($$"""{"name":"{{name}}","datatype":"{{datatype}}","shape":[""")
            .Add(string.Join(',', tensor.Axes.Select(axis => axis.ToString(CultureInfo.InvariantCulture))));
        if (choices.OneIn(32)) _json.Repeat(choices.Of(",1", ",0", ",2147483647", ",-1"), choices.OneIn(2) ? 1 : choices.Size(room));
        _json.Add("],");
        if (isBinary)
        {
            var start = _tail.Bytes.Length;
            tensor.WriteBytes(_tail, dtype);
            var size = (long)_tail.Bytes.Length - start;
            if (choices.OneIn(32)) size = choices.Of(0, size + 1, size - 1, int.MaxValue, -1, long.MaxValue);
            _json.Add($$"""
                "parameters":{"binary_data_size":{{size}}}
                """);
        }
        else
        {
            _json.Add("\"data\":");
            if (choices.OneIn(2)) tensor.WriteFlat(_json);
            else tensor.WriteNested(_json);
        }
        _json.Add("}");
    }

    /// <summary>Datatypes by the tensor's name: floats for predictions and weights, integers for labels and masks, seldom any.</summary>
    private DType DTypeOf(string name, bool isBinary) => name switch
    {
        _ when choices.OneIn(16) => (DType)choices.Below(Enum.GetValues<DType>().Length),
        "labels" => choices.Of(DType.Int64, DType.Int32, DType.UInt8, DType.Float32),
        "mask" => choices.Of(DType.Bool, DType.UInt8, DType.Int64),
        _ when isBinary => choices.Of(DType.Float32, DType.Float64, DType.Float16, DType.BFloat16),
        _ => choices.Of(DType.Float32, DType.Float64),
    };

    /// <summary>Options are parameters; a list may stand in a string, since the protocol has none.</summary>
    private void WriteParameters()
    {
        _json.Add(",\"parameters\":{");
        var index = 0;
        foreach (var (name, value) in batch.Members)
        {
            var isQuoted = choices.OneIn(4) && !value.Bytes.ContainsAny((byte)'"', (byte)'\\');
            _json.Add(index++ > 0 ? ",\"" : "\"").Add(name).Add(isQuoted ? "\":\"" : "\":").Add(value.Bytes).Add(isQuoted ? "\"" : "");
        }
        if (choices.OneIn(4)) _json.Add(choices.Of(",\"timeout\":0", ",\"timeout\":1", ",\"binary_data_output\":true", ",\"priority\":1"));
        _json.Add("}");
    }

    /// <summary>The protocol's name of an output: it has a tensor for each metric.</summary>
    public static string NameOf(string output) => output == "metrics" ? "calibration_bins" : output;

    private string WriteOutput(string name)
    {
        var text = new StringBuilder("{\"name\":\"").Append(NameOf(name)).Append('"');
        if (choices.OneIn(4)) text.Append(choices.Of(",\"parameters\":{\"binary_data\":true}", ",\"parameters\":{\"binary_data\":false}"));
        return text.Append('}').ToString();
    }
}
