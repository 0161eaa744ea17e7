using System.Text.Json;
using LossService.Core.Tensors;
using LossService.Http;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.Json;

/// <summary>
/// The native request: one JSON object, read into a <see cref="ScoreRequest"/>. Exact and explanatory: the framework's reader
/// decides what JSON is, and every value that cannot be what its member wants is noted with its address.
/// </summary>
internal static class JsonRequestReader
{
    /// <summary>Reads <paramref name="body"/> into <paramref name="request"/>, fast where it is as usual.</summary>
    /// <returns>The problem where it is no JSON at all; otherwise null, and what is wrong stands in the request's findings.</returns>
    public static unsafe Problem? Read(RequestBody body, ScoreRequest request)
    {
        if (FastJsonRequestReader.TryRead(body.Start, body.Start + body.Span.Length, request)) return null;
        request.Clear();
        request.DType = DType.Float32;
        return ReadExactly(body.Span, request);
    }

    /// <summary>The same by the exact reader alone.</summary>
    public static Problem? ReadExactly(ReadOnlySpan<byte> body, ScoreRequest request)
    {
        if (!JsonText.Outline(body).TryGet(out var members, out var problem)) return problem;
        if (members is null)
        {
            request.RequestErrors.Add(new(""), "the body must be a JSON object");
            return null;
        }

        foreach (var member in members)
        {
            if (!request.Posted.Add(member.Name)) request.RequestErrors.Add(new(member.Name), $"the member \"{member.Name}\" stands twice");
        }
        // how numbers are held must be known before the first is read
        foreach (var member in members.DistinctBy(member => member.Name).OrderBy(member => member.Name != Fields.DType))
        {
            Read(member, member.Value(body), request);
        }
        return null;
    }

    private static void Read(JsonMember member, ReadOnlySpan<byte> text, ScoreRequest request)
    {
        var reader = new Utf8JsonReader(text, JsonText.Strict);
        reader.Read();
        if (Fields.Tensors.Contains(member.Name))
        {
            if (JsonTensorReader.Read(member.Name, text, request) is { } tensor) request.Tensors[member.Name] = tensor;
        }
        else if (!HeaderParser.TryRead(member.Name, ref reader, request))
        {
            request.RequestErrors.Add(new(member.Name), HeaderParser.Unknown(member.Name, request.Loss));
        }
    }
}
