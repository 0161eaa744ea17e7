using System.Text.Json;
using LossService.Core.Losses;
using LossService.Core.Tensors;
using LossService.Formats.Numbers;
using LossService.Requests;

namespace LossService.Formats.Json;

/// <summary>
/// Reads the native request in one pass at memory speed: arrays of numbers and base64 straight into tensors, small
/// members by the framework's reader. It takes what is right and usual, and declines the rest without a word: the exact reader then goes over
/// the body again and finds the value or the error.
/// </summary>
internal static unsafe class FastJsonRequestReader
{
    /// <summary>Bytes that hold a small array, so that it need not grow.</summary>
    private const int FewElements = 4096 - NativeBuffer.Slack;

    /// <summary>Reads the body between the two addresses; there are 64 readable bytes behind it.</summary>
    /// <returns>False where the exact reader must look; the request is spoiled then.</returns>
    public static bool TryRead(byte* start, byte* end, ScoreRequest request)
    {
        if (!TryReadMembers(start, end, request, DType.Float32)) return false;
        if (request.DType == DType.Float32 || DTypeStoodFirst(request)) return true;
        // dtype stood behind a tensor, which was read as float32: once more, knowing
        request.Clear();
        return TryReadMembers(start, end, request, request.DType) && DTypeStoodFirst(request);
    }

    private static bool DTypeStoodFirst(ScoreRequest request) =>
        request.Tensors.All(tensor => !tensor.Value.DType.IsFloat() || tensor.Value.DType == request.DType || request.Encoded.Contains(tensor.Key));

    private static bool TryReadMembers(byte* text, byte* end, ScoreRequest request, DType dtype)
    {
        request.DType = dtype;
        text = JsonSpace.Skip(text, end);
        if (text >= end || *text++ != '{') return false;
        while (true)
        {
            text = JsonSpace.Skip(text, end);
            if (text >= end || *text++ != '"') return false;
            var length = new ReadOnlySpan<byte>(text, (int)(end - text)).IndexOf((byte)'"');
            if (length < 0 || Find(new(text, length), request.Loss) is not { } name || !request.Posted.Add(name)) return false;
            text = JsonSpace.Skip(text + length + 1, end);
            if (text >= end || *text++ != ':') return false;
            text = JsonSpace.Skip(text, end);
            text = TryReadValue(name, text, end, request);
            if (text == null) return false;
            text = JsonSpace.Skip(text, end);
            if (text >= end) return false;
            if (*text == ',') text++;
            else break;
        }
        return *text == '}' && JsonSpace.Skip(text + 1, end) == end && HasIndicesOrRows(request);
    }

    /// <summary>The member or option of that name; an unknown or escaped one is for the exact reader.</summary>
    private static string? Find(ReadOnlySpan<byte> name, Loss loss)
    {
        foreach (var member in Fields.Tensors)
            if (Matches(name, member)) return member;
        foreach (var member in Fields.Header)
            if (Matches(name, member)) return member;
        foreach (var option in loss.Options)
            if (Matches(name, option.Name)) return option.Name;
        return null;
    }

    private static bool Matches(ReadOnlySpan<byte> name, string member)
    {
        if (name.Length != member.Length) return false;
        for (var i = 0; i < name.Length; i++)
            if (name[i] != member[i]) return false;
        return true;
    }

    /// <returns>Behind the value; null where it is not usual.</returns>
    private static byte* TryReadValue(string name, byte* text, byte* end, ScoreRequest request)
    {
        if (text >= end) return null;
        if (*text != '[' || name == Fields.Mask || !Fields.Tensors.Contains(name)) return TryReadSmall(name, text, end, request);
        return name == Fields.Labels && TryReadArray<Int64Element>(DType.Int64, name, text, end, request) is var behind && behind != null ? behind
            : request.DType == DType.Float64 ? TryReadArray<Float64Element>(DType.Float64, name, text, end, request)
            : TryReadArray<Float32Element>(DType.Float32, name, text, end, request);
    }

    private static byte* TryReadArray<TElement>(DType dtype, string name, byte* text, byte* end, ScoreRequest request)
        where TElement : unmanaged, INumberElement<TElement>
    {
        var elements = new NativeBuffer(FewElements);
        if (NumberArrayReader.TryRead<TElement>(text, end, elements, out var array))
        {
            request.Tensors[name] = new(dtype, new(array.Shape), elements) { IsFinite = true };
            return text + array.Length;
        }
        elements.Dispose();
        return null;
    }

    private static byte* TryReadSmall(string name, byte* text, byte* end, ScoreRequest request)
    {
        var json = new Utf8JsonReader(new ReadOnlySpan<byte>(text, (int)(end - text)), isFinalBlock: false, new(JsonText.Strict));
        try
        {
            if (!json.Read()) return null;
            if (Fields.Tensors.Contains(name))
            {
                var value = json;
                if (!value.TrySkip()) return null;
                var slice = new ReadOnlySpan<byte>(text, (int)value.BytesConsumed);
                if (JsonTensorReader.Read(name, slice, request) is not { } tensor) return null;
                request.Tensors[name] = tensor;
                return text + value.BytesConsumed;
            }
            HeaderParser.TryRead(name, ref json, request);
            return request.RequestErrors.Total == 0 && json.CurrentDepth == 0 ? text + json.BytesConsumed : null;
        }
        catch (Exception refused) when (refused is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Labels with a fraction where indices belong are for the exact reader, which knows which one it is.</summary>
    private static bool HasIndicesOrRows(ScoreRequest request) =>
        request.Loss.Kind == LossKind.Binary
        || !request.Tensors.TryGetValue(Fields.Labels, out var labels)
        || !labels.DType.IsFloat()
        || request.Tensors.All(tensor => !Fields.Predictions.Contains(tensor.Key) || tensor.Value.Shape.Rank == labels.Shape.Rank);
}
