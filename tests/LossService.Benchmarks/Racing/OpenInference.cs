using System.Net;
using System.Text;

namespace LossService.Benchmarks.Racing;

/// <summary>The binary way in: the Open Inference Protocol with binary tensors both ways.</summary>
internal static class OpenInference
{
    /// <summary>A whole POST that asks for loss and gradient.</summary>
    public static byte[] Message(DrawnBatch batch)
    {
        var (body, header) = batch.ToBinary("loss", "gradient");
        return HttpConnection.Message("/v2/models/cross_entropy/infer", body, "application/octet-stream",
            $"Inference-Header-Content-Length: {header}\r\n");
    }

    /// <summary>A whole POST of tensors.</summary>
    /// <param name="loss">The loss.</param>
    /// <param name="inputs">The tensors.</param>
    /// <param name="outputs">The outputs that it asks for.</param>
    /// <param name="options">Members of the request's parameters, each as <c>"class_axis":1</c>.</param>
    public static byte[] Message(
        string loss, (string Name, string Datatype, int[] Shape, byte[] Bytes)[] inputs, string[] outputs, params string[] options)
    {
        var described = inputs.Select(input =>
            $$$"""
            {"name":"{{{input.Name}}}","datatype":"{{{input.Datatype}}}","shape":[{{{string.Join(',', input.Shape)}}}],
            "parameters":{"binary_data_size":{{{input.Bytes.Length}}}}}
            """);
        var header = Encoding.ASCII.GetBytes($$$"""
            {"inputs":[{{{string.Join(',', described)}}}],
            "parameters":{"binary_data_output":true{{{string.Concat(options.Select(option => "," + option))}}}},
            "outputs":[{{{string.Join(',', outputs.Select(output => $$"""{"name":"{{output}}"}"""))}}}]}
            """);
        return HttpConnection.Message($"/v2/models/{loss}/infer", [.. header, .. inputs.SelectMany(input => input.Bytes)],
            "application/octet-stream", $"Inference-Header-Content-Length: {header.Length}\r\n");
    }

    /// <summary>Whether the service has the route.</summary>
    /// <exception cref="HttpRequestException">It has, but does not score.</exception>
    public static bool IsServed(int port)
    {
        try
        {
            using var http = new HttpConnection(port);
            http.Post(Message(new(32, 10)));
            return true;
        }
        catch (HttpRequestException missing) when (missing.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }
    }
}
