using System.Text.Json;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Formats.Numbers;
using LossService.Http;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.Json;

/// <summary>
/// The native request: one JSON object, read into a <see cref="ScoreRequest"/>. The framework's reader decides what JSON is; every
/// invalid value becomes an error with its address.
/// </summary>
internal static class JsonRequestReader
{
    /// <summary>Reads <paramref name="body"/> into <paramref name="request"/>, by the fast reader if it can.</summary>
    /// <param name="body">The body.</param>
    /// <param name="request">Takes what is read.</param>
    /// <param name="ahead">What is read of the body already; null = nothing.</param>
    /// <returns>The problem if the body is not JSON; otherwise null, and the request has the errors.</returns>
    public static unsafe Problem? Read(RequestBody body, ScoreRequest request, ReadAhead? ahead = null)
    {
        if (FastJsonRequestReader.TryRead(body.Start, body.Start + body.Span.Length, request, ahead)) return null;
        request.Clear();
        request.DType = DType.Float32;
        return ReadExactly(body.Span, request);
    }

    /// <summary>The same by the exact reader alone.</summary>
    public static Problem? ReadExactly(ReadOnlySpan<byte> body, ScoreRequest request)
    {
        if (!JsonText.Outline(body, request.Allowance).TryGet(out var members, out var problem)) return problem;
        if (members is null)
        {
            request.Errors.Add(new(""), "expected a JSON object");
            return null;
        }

        if (members.Count > request.Allowance.Limits.Members)
        {
            request.Errors.Add(new(""), $"expected at most {request.Allowance.Limits.Members} fields");
            return null;
        }
        HashSet<string> seen = [];
        foreach (var member in members)
        {
            if (!member.IsNull(body)) request.Posted.Add(member.Name);
            if (!seen.Add(member.Name)) request.Errors.Add(new(member.Name), $"duplicate field {ClientText.Quote(member.Name)}");
        }
        // how numbers are held, and for which losses, must be known before the first is read
        foreach (var member in members.DistinctBy(member => member.Name)
            .OrderBy(member => member.Name is not (Fields.DType or Fields.Losses)))
            Read(member, member.Value(body), request);
        if (request.Errors.Total == 0 && MayHaveOtherIndices(request) && request.FindIndexed() is { } indexed)
            AddRealIndex(members.First(member => member.Name == Fields.Labels).Value(body), request, indexed.Options);
        return null;
    }

    private static void Read(JsonMember member, ReadOnlySpan<byte> text, ScoreRequest request)
    {
        var json = new Utf8JsonReader(text, JsonText.Strict);
        json.Read();
        if (member.Name == Fields.Labels && JsonSparseLabels.Are(text)) JsonSparseLabels.Read(text, request);
        else if (Fields.TryFindTensor(member.Name, out var tensor) && JsonSparseLabels.FindName(tensor) is null)
            request[tensor] = json.TokenType == JsonTokenType.Null ? null : JsonTensorReader.Read(tensor, text, request);
        else if (request.FindOption(member.Name) is { } option) HeaderParser.ReadOption(option, ref json, request);
        else if (!RequestParser.TryReadField(member.Name, ref json, request))
            request.Errors.Add(new(member.Name), RequestParser.DescribeUnknown(member.Name, request));
    }

    /// <summary>Whether labels may not all be written as integers.</summary>
    private static bool MayHaveOtherIndices(ScoreRequest request) => !request.IsEncoded(TensorField.Labels)
        && request[TensorField.Labels] is { } labels && (labels.DType.IsFloat() || request.TakesBooleanLabels);

    /// <summary>The text knows which label is no integer; the tensor only that one is.</summary>
    private static void AddRealIndex(ReadOnlySpan<byte> labels, ScoreRequest request, OptionValues options)
    {
        if (JsonTensorReader.FindNonInteger(labels, request.Allowance.Cancellation) is not var (position, text)) return;
        var layout = new ClassLayout(request.Predictions!.Shape, options.Get(SharedOptions.ClassAxis));
        request.Errors.Add(new(Fields.Labels, position),
            $"labels of the shape {layout.Samples} are class indices, integers from 0 to {layout.Classes - 1}; got {text}");
    }
}
