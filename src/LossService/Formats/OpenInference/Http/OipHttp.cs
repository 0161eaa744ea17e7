using System.Globalization;
using System.Text.Json;
using LossService.Formats.Json;
using LossService.Http;
using LossService.Problems;

namespace LossService.Formats.OpenInference.Http;

/// <summary>An infer request in the body of an HTTP request: JSON, perhaps with binary tensors behind it.</summary>
internal static class OipHttp
{
    /// <summary>The header that says how many bytes of a body are JSON; without it all are.</summary>
    public const string HeaderLength = "Inference-Header-Content-Length";

    /// <summary>The media type of a body with binary tensors.</summary>
    public const string Binary = "application/octet-stream";

    /// <summary>The media type of a body that is all JSON.</summary>
    public const string Json = "application/json";

    /// <summary>Reads a body into a request. Its binary tensors stay in the body, which the request comes to own.</summary>
    /// <param name="body">The body.</param>
    /// <param name="headerLength">The header's text; null where there is none.</param>
    /// <param name="request">Takes what is read, and what is wrong with it.</param>
    /// <returns>The problem where it is nothing that can be read at all.</returns>
    public static unsafe Problem? Read(RequestBody body, string? headerLength, OipRequest request)
    {
        request.Own(body);
        var length = body.Span.Length;
        var json = length;
        if (headerLength is not null && (!int.TryParse(headerLength, NumberStyles.None, CultureInfo.InvariantCulture, out json) || json < 1 || json > length))
            return ProblemTypes.BadRequest(400, $"{HeaderLength} is \"{headerLength}\"; it is the length of the JSON, from 1 to the body's {length} bytes.");

        var text = body.Span[..json];
        var tail = new OipBinaryTail(request);
        try
        {
            if (!System.Text.Unicode.Utf8.IsValid(text)) return Explain(text);
            new OipHeaderReader(body.Start, body.Start + json, request, tail).Read();
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            return Explain(text);
        }
        tail.Read(body.Start + json, length - json, headerLength is not null);
        request.Conclude();
        foreach (var wanted in request.Wanted) CheckForm(wanted, request);
        return null;
    }

    /// <summary>What is wrong with a text that is no JSON: said by a reader that looks for nothing else.</summary>
    private static Problem Explain(ReadOnlySpan<byte> text) =>
        JsonText.Outline(text, out _) ?? ProblemTypes.InvalidJson("The request has a string that is no text.", 0);

    private static void CheckForm(WantedOutput wanted, OipRequest request)
    {
        if (wanted.IsBinary ?? request.WantsBinary) return;
        var dtype = wanted.Output.DType ?? request.Batch.Predictions?.DType;
        if (dtype is { } typed && !typed.HasJson())
            request.Note("outputs", $"{wanted.Output.Name} is {typed.Datatype()} here, which has no JSON: ask for it with \"binary_data\": true");
    }
}
