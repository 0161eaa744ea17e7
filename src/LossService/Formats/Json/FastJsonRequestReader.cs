using System.Text;
using System.Text.Json;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Formats.Numbers;
using LossService.Requests;

namespace LossService.Formats.Json;

/// <summary>
/// Reads the native request in one pass at memory speed: arrays of numbers straight into tensors, all other values by the framework's
/// reader. It reads only valid requests in their usual form, and reports no errors: for every other request,
/// the exact reader reads the body again, and finds the value or the error.
/// </summary>
internal static unsafe class FastJsonRequestReader
{
    /// <summary>Bytes that hold a small array, so that it need not grow.</summary>
    private const int FewElements = 4096 - NativeBuffer.Slack;

    /// <summary>Reads the body between the two addresses; there are 64 readable bytes behind it.</summary>
    /// <param name="start">Its first byte.</param>
    /// <param name="end">Behind its last byte.</param>
    /// <param name="request">Takes what is read.</param>
    /// <param name="ahead">What is read of it already; null = nothing.</param>
    /// <returns>False where the exact reader must read the body; the request is then to be cleared.</returns>
    public static bool TryRead(byte* start, byte* end, ScoreRequest request, ReadAhead? ahead = null)
    {
        if (!TryReadObject(start, end, request, DType.Float32, ahead)) return false;
        if (request.DType == DType.Float32 || HasDTypeThroughout(request)) return true;
        // dtype followed a tensor, which was read as float32: read again with the right one
        request.Clear();
        return TryReadObject(start, end, request, request.DType, ahead) && HasDTypeThroughout(request);
    }

    private static bool HasDTypeThroughout(ScoreRequest request) =>
        DTypeFits(request, TensorField.Logits)
        && DTypeFits(request, TensorField.Probabilities)
        && DTypeFits(request, TensorField.LogProbabilities)
        && DTypeFits(request, TensorField.Labels)
        && DTypeFits(request, TensorField.LabelLogits)
        && DTypeFits(request, TensorField.LabelLogProbabilities)
        && DTypeFits(request, TensorField.LabelValues)
        && DTypeFits(request, TensorField.LabelLogValues)
        && DTypeFits(request, TensorField.SampleWeight);

    private static bool DTypeFits(ScoreRequest request, TensorField field) =>
        request[field] is not { } tensor || !tensor.DType.IsFloat() || tensor.DType == request.DType || request.IsEncoded(field);

    private static bool TryReadObject(byte* text, byte* end, ScoreRequest request, DType dtype, ReadAhead? ahead)
    {
        request.DType = dtype;
        text = TryReadMembers(JsonSpace.Skip(text, end), end, request, ahead, areLabels: false);
        return text != null && JsonSpace.Skip(text, end) == end && HasIndicesOrRows(request);
    }

    /// <summary>Reads the members of a request, or of its labels where these are sparse rows.</summary>
    /// <returns>Behind the object; null where it is not usual.</returns>
    private static byte* TryReadMembers(byte* text, byte* end, ScoreRequest request, ReadAhead? ahead, bool areLabels)
    {
        if (text >= end || *text++ != '{') return null;
        while (true)
        {
            text = JsonSpace.Skip(text, end);
            if (text >= end || *text++ != '"') return null;
            var length = new ReadOnlySpan<byte>(text, (int)(end - text)).IndexOf((byte)'"');
            if (length < 0) return null;
            var name = new ReadOnlySpan<byte>(text, length);
            text = JsonSpace.Skip(text + length + 1, end);
            if (text >= end || *text++ != ':') return null;
            text = JsonSpace.Skip(text, end);
            text = areLabels ? TryReadPart(name, text, end, request) : TryReadField(name, text, end, request, ahead);
            if (text == null) return null;
            text = JsonSpace.Skip(text, end);
            if (text >= end) return null;
            if (*text == ',') text++;
            else break;
        }
        return *text == '}' ? text + 1 : null;
    }

    /// <summary>Reads a member of sparse rows.</summary>
    /// <inheritdoc cref="TryReadField"/>
    private static byte* TryReadPart(ReadOnlySpan<byte> name, byte* text, byte* end, ScoreRequest request)
    {
        if (text >= end) return null;
        if (JsonSparseLabels.FindTensor(name) is { } field)
            return request.Posted.Add(Fields.GetName(field)) ? TryReadTensor(field, text, end, request, ahead: null) : null;
        var option = SharedOptions.Remainder;
        return Ascii.Equals(name, option.Name) && request.FindOption(option.Name) is not null && request.Posted.Add(option.Name)
            ? TryReadSmall(option.Name, option, text, end, request) : null;
    }

    /// <summary>Reads the field of that name; an unknown, escaped or repeated one is for the exact reader.</summary>
    /// <returns>Behind the value; null where it is not usual.</returns>
    private static byte* TryReadField(ReadOnlySpan<byte> name, byte* text, byte* end, ScoreRequest request, ReadAhead? ahead)
    {
        if (text >= end) return null;
        for (var i = 0; i < Fields.Tensors.Length; i++)
        {
            if (!Ascii.Equals(name, Fields.Tensors[i]) || JsonSparseLabels.FindName((TensorField)i) is not null) continue;
            return request.Posted.Add(Fields.Tensors[i]) ? TryReadTensor((TensorField)i, text, end, request, ahead) : null;
        }
        foreach (var field in request.Header)
        {
            if (!Ascii.Equals(name, field)) continue;
            return request.Posted.Add(field) ? TryReadSmall(field, null, text, end, request) : null;
        }
        foreach (var option in request.OwnOptions)
        {
            if (!Ascii.Equals(name, option.Name)) continue;
            return request.Posted.Add(option.Name) ? TryReadSmall(option.Name, option, text, end, request) : null;
        }
        return null;
    }

    private static byte* TryReadTensor(TensorField field, byte* text, byte* end, ScoreRequest request, ReadAhead? ahead)
    {
        if (*text == 'n') return TrySkipNull(text, end);
        if (field == TensorField.Labels && *text == '{')
        {
            var behindRows = TryReadMembers(text, end, request, ahead: null, areLabels: true);
            return behindRows != null ? behindRows : TryReadExactly(field, text, end, request);
        }
        if (field == TensorField.LabelIndices && *text == '[') return TryReadArray<Int64Element>(DType.Int64, field, text, end, request);
        if (*text != '[' || field == TensorField.Mask) return TryReadExactly(field, text, end, request);
        byte* behind = null;
        if (field == TensorField.Labels) behind = TryReadArray<Int64Element>(DType.Int64, field, text, end, request);
        if (behind == null)
        {
            behind = request.DType == DType.Float64
                ? TryReadArray<Float64Element>(DType.Float64, field, text, end, request, ahead)
                : TryReadArray<Float32Element>(DType.Float32, field, text, end, request, ahead);
        }
        if (behind != null) return behind;
        var areBooleans = field == TensorField.Labels && request.TakesBooleanLabels;
        // booleans in the place of class indices are found when all of the request is read exactly
        return areBooleans && !request.TakesIndices ? TryReadExactly(field, text, end, request) : null;
    }

    /// <summary>Skips the value of a field that is not given.</summary>
    private static byte* TrySkipNull(byte* text, byte* end) =>
        new ReadOnlySpan<byte>(text, (int)(end - text)).StartsWith("null"u8) ? text + "null"u8.Length : null;

    private static byte* TryReadArray<TElement>(
        DType dtype, TensorField field, byte* text, byte* end, ScoreRequest request, ReadAhead? ahead = null)
        where TElement : unmanaged, INumberElement<TElement>
    {
        request.Allowance.Cancellation.ThrowIfCancellationRequested();
        var arrived = ahead?.Take(text, dtype);
        var elements = arrived?.Elements ?? new NativeBuffer(FewElements, request.Allowance.Memory);
        var isRead = false;
        try
        {
            NumberArray array;
            isRead = arrived is null
                ? NumberArrayReader.TryRead<TElement>(text, end, elements, out array)
                : NumberArrayReader.TryFinish<TElement>(arrived.Part, text, end, elements, out array);
            if (!isRead) return null;
            var tensor = new Tensor(dtype, new(array.Shape), elements) { IsFinite = true };
            request[field] = tensor;
            if (field == TensorField.SampleWeight && WeightText.MayUnderflow(tensor, new(text, (int)array.Length))) return null;
            return text + array.Length;
        }
        finally
        {
            if (!isRead) elements.Dispose();
        }
    }

    /// <summary>Reads a tensor that is no array of numbers by the exact reader.</summary>
    private static byte* TryReadExactly(TensorField field, byte* text, byte* end, ScoreRequest request)
    {
        var json = Reader(text, end);
        try
        {
            if (!json.Read() || !json.TrySkip()) return null;
            if (JsonTensorReader.Read(field, new(text, (int)json.BytesConsumed), request) is not { } tensor) return null;
            request[field] = tensor;
            return text + json.BytesConsumed;
        }
        catch (Exception refused) when (refused is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static byte* TryReadSmall(string name, Option? option, byte* text, byte* end, ScoreRequest request)
    {
        var json = Reader(text, end);
        try
        {
            if (!json.Read()) return null;
            if (option is null) RequestParser.TryReadField(name, ref json, request);
            else HeaderParser.ReadOption(option, ref json, request);
            return request.Errors.Total == 0 && json.CurrentDepth == 0 ? text + json.BytesConsumed : null;
        }
        catch (Exception refused) when (refused is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static Utf8JsonReader Reader(byte* text, byte* end) =>
        new(new ReadOnlySpan<byte>(text, (int)(end - text)), isFinalBlock: false, new(JsonText.Strict));

    /// <summary>False where class indices have a fraction: the exact reader finds which one.</summary>
    private static bool HasIndicesOrRows(ScoreRequest request) =>
        request[TensorField.Labels] is not { } labels || !labels.DType.IsFloat() || request.FindIndexed() is null;
}
