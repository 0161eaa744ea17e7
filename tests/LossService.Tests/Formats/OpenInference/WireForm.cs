using System.Text;

namespace LossService.Tests.Formats.OpenInference;

/// <summary>An infer request as it goes over the wire, put together as text and bytes, so that it can be wrong in every way.</summary>
internal sealed class WireForm
{
    private readonly List<string> _inputs = [];
    private readonly List<string> _outputs = [];
    private readonly List<string> _parameters = [];
    private readonly List<byte> _tail = [];

    /// <summary>Whether any bytes follow the JSON.</summary>
    public bool HasBinary { get; private set; }

    /// <summary>Three rows of three logits and their classes: a request that scores.</summary>
    public static WireForm Good =>
        new WireForm().Json("logits", "FP32", [3, 3], "[2,1,0.5,0.25,2.25,0.5,1.5,-0.5,0.25]").Json("labels", "INT64", [3], "[0,1,2]");

    /// <summary>An input whose numbers stand in the JSON.</summary>
    public WireForm Json(string name, string datatype, int[] shape, string data) =>
        Input($$"""{"name":"{{name}}","datatype":"{{datatype}}","shape":[{{string.Join(',', shape)}}],"data":{{data}}}""");

    /// <summary>An input whose numbers follow the JSON.</summary>
    public WireForm Binary(string name, string datatype, int[] shape, byte[] bytes)
    {
        HasBinary = true;
        _tail.AddRange(bytes);
        return Input(
            $$$"""{"name":"{{{name}}}","datatype":"{{{datatype}}}","shape":[{{{string.Join(',', shape)}}}],"parameters":{"binary_data_size":{{{bytes.Length}}}}}""");
    }

    /// <summary>An input, as JSON.</summary>
    public WireForm Input(string json)
    {
        _inputs.Add(json);
        return this;
    }

    /// <summary>A parameter and its value as JSON.</summary>
    public WireForm Parameter(string name, string json)
    {
        _parameters.Add($"\"{name}\":{json}");
        return this;
    }

    /// <summary>A requested output.</summary>
    public WireForm Output(string name, bool? binary = null)
    {
        var parameters = binary is { } says ? $$""", "parameters": { "binary_data": {{(says ? "true" : "false")}} }""" : "";
        return OutputJson($$"""{ "name": "{{name}}"{{parameters}} }""");
    }

    /// <summary>A requested output, as JSON.</summary>
    public WireForm OutputJson(string json)
    {
        _outputs.Add(json);
        return this;
    }

    /// <summary>Bytes behind the last tensor.</summary>
    public WireForm Append(params byte[] bytes)
    {
        HasBinary = true;
        _tail.AddRange(bytes);
        return this;
    }

    /// <summary>Cuts bytes off the end.</summary>
    public WireForm Cut(int bytes)
    {
        _tail.RemoveRange(_tail.Count - bytes, bytes);
        return this;
    }

    /// <summary>The body, and how much of it is JSON.</summary>
    public (byte[] Body, int HeaderLength) Build()
    {
        var json = $$"""{"id":"a wire form","model_name":"a stray member","inputs":[{{string.Join(',', _inputs)}}],"outputs":[{{string.Join(',', _outputs)}}],"parameters":{ {{string.Join(',', _parameters)}} } }""";
        var header = Encoding.UTF8.GetBytes(json);
        return ([.. header, .. _tail], header.Length);
    }
}
