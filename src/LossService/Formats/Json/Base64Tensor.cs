using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Formats.Numbers;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.Json;

/// <summary>
/// A tensor as an object, <c>{"dtype": "float32", "shape": [2, 3], "data": "…"}</c>, its data the little-endian, row-major
/// bytes in base64 (RFC 4648, section 4: the standard alphabet, padded). The bytes go straight between the JSON text and the
/// tensor's memory.
/// </summary>
internal ref struct Base64Tensor
{
    /// <summary>The member with the bytes.</summary>
    public const string Data = "data";

    /// <summary>How many fields are read; there are three.</summary>
    private const int MaxFields = 16;

    private const string DTypeName = "dtype";
    private const string ShapeName = "shape";

    private static readonly SearchValues<byte> Digits =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8);

    private readonly string _field;
    private readonly RequestErrors _errors;
    private readonly Allowance _allowance;
    private readonly NativeBuffer _unescaped;
    private DType? _dtype;
    private Shape? _shape;
    private ReadOnlySpan<byte> _text;

    private Base64Tensor(string field, ScoreRequest request, NativeBuffer unescaped) =>
        (_field, _errors, _allowance, _unescaped) = (field, request.Errors, request.Allowance, unescaped);

    /// <summary>Reads a tensor of the request that is posted as an object.</summary>
    /// <param name="field">The field of the tensor.</param>
    /// <param name="value">The text of the value, known to be JSON.</param>
    /// <param name="request">Takes the errors, and learns that the tensor came as bytes.</param>
    /// <returns>The tensor, or null where something did not fit.</returns>
    public static Tensor? Read(TensorField field, ReadOnlySpan<byte> value, ScoreRequest request)
    {
        request.MarkEncoded(field);
        var before = request.Errors.Total;
        using var unescaped = new NativeBuffer(0, request.Allowance.Memory);
        var read = new Base64Tensor(Fields.GetName(field), request, unescaped);
        read.ReadFields(value);
        return request.Errors.Total == before ? read.Decode(read._dtype!.Value, read._shape!.Value) : null;
    }

    /// <summary>Writes a tensor, flushing as it goes.</summary>
    public static async ValueTask WriteAsync(Tensor tensor, PipeWriter pipe, CancellationToken cancellation)
    {
        // a multiple of three bytes makes whole groups of four characters, so that only the last block is padded
        const int Block = 48 * 1024;
        var shape = string.Join(',', tensor.Shape.Axes.ToArray());
        pipe.Write(Encoding.ASCII.GetBytes($"{{\"dtype\":\"{tensor.DType.Name()}\",\"shape\":[{shape}],\"data\":\""));
        var length = tensor.Count * tensor.DType.Size();
        for (long start = 0; start < length; start += Block)
        {
            Encode(tensor, start, (int)long.Min(Block, length - start), pipe);
            if (pipe.UnflushedBytes >= Block) await pipe.FlushAsync(cancellation);
        }
        pipe.Write("\"}"u8);
    }

    private static unsafe void Encode(Tensor tensor, long start, int count, PipeWriter pipe)
    {
        var text = pipe.GetSpan(Base64.GetMaxEncodedToUtf8Length(count));
        Base64.EncodeToUtf8(new ReadOnlySpan<byte>(tensor.Data + start, count), text, out _, out var written);
        pipe.Advance(written);
    }

    private void ReadFields(ReadOnlySpan<byte> value)
    {
        var json = new Utf8JsonReader(value, JsonText.Strict);
        var seen = new HashSet<string>();
        var fields = 0;
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (!JsonTexts.TryRead(ref json, _allowance.Limits.NameBytes, out var name) || fields++ == MaxFields)
            {
                _errors.Add(new(_field), "a tensor as an object has dtype, shape and data, and no other field");
                return;
            }
            json.Read();
            if (name == "0")
            {
                _errors.Add(new(_field), "expected an array, got an object with the keys 0, 1, and so on; "
                    + "a typed array of JavaScript becomes an array by Array.from");
                return;
            }
            if (json.TokenType == JsonTokenType.Null && name is (DTypeName or ShapeName or Data)) continue;
            if (!seen.Add(name)) AddError(name, $"duplicate field {ClientText.Quote(name)}");
            else if (name == DTypeName) ReadDType(ref json);
            else if (name == ShapeName) ReadShape(ref json);
            else if (name == Data) ReadData(ref json);
            else AddError(name,
                $"unknown field {ClientText.Quote(name)}{Nearest.Suggest(name, [DTypeName, ShapeName, Data])}; "
                + "a tensor has dtype, shape and data");
            json.TrySkip();
        }
        foreach (var name in (ReadOnlySpan<string>)[DTypeName, ShapeName, Data])
            if (!seen.Contains(name)) _errors.Add(new(_field),
                $"missing field \"{name}\"; a tensor as an object has dtype, shape and data");
    }

    private void ReadDType(ref Utf8JsonReader json)
    {
        if (JsonTexts.TryRead(ref json, _allowance.Limits.NameBytes, out var name)) _dtype = DTypes.Parse(name);
        if (_dtype is null) AddError(DTypeName,
            $"unknown dtype {JsonTexts.Describe(ref json)}; expected one of "
            + $"{string.Join(", ", Enum.GetValues<DType>().Select(dtype => dtype.Name()))}");
    }

    private void ReadShape(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.StartArray)
        {
            AddError(ShapeName, $"expected a list of integers, got {JsonTexts.Describe(ref json)}");
            return;
        }
        List<int> axes = [];
        var depth = json.CurrentDepth;
        var before = _errors.Total;
        for (var i = 0; json.Read() && json.TokenType != JsonTokenType.EndArray; i++)
        {
            if (i == NumberArrayReader.MaxRank)
            {
                AddError(ShapeName, $"expected at most {NumberArrayReader.MaxRank} axes");
                while (json.TokenType != JsonTokenType.EndArray || json.CurrentDepth > depth)
                    if (!json.Read()) break;
                return;
            }
            if (json.TokenType == JsonTokenType.Number && json.TryGetInt32(out var axis) && axis >= 0) axes.Add(axis);
            else _errors.Add(new(_field, i) { Part = ShapeName },
                $"expected an integer from 0 to {int.MaxValue}, got {JsonTexts.Describe(ref json)}");
            json.TrySkip();
        }
        if (_errors.Total > before) return;
        if (!IsCountable(axes)) AddError(ShapeName, $"the shape [{string.Join(", ", axes)}] has more than 2^60 elements");
        else _shape = new([.. axes]);
    }

    /// <summary>Whether the product of the axes, times the largest element, stays inside 64 bits on the way.</summary>
    private static bool IsCountable(List<int> axes)
    {
        UInt128 count = 1;
        foreach (var axis in axes)
        {
            count *= (UInt128)axis;
            if (count >= (UInt128)1 << 60) return false;
        }
        return true;
    }

    private void ReadData(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.String) AddError(Data, $"expected a string of base64, got {JsonTexts.Describe(ref json)}");
        else _text = json.ValueIsEscaped ? Unescape(ref json) : json.ValueSpan;
    }

    /// <summary>JSON may write any character as an escape, and PHP's encoder writes every / as \/.</summary>
    private readonly unsafe ReadOnlySpan<byte> Unescape(scoped ref Utf8JsonReader json)
    {
        // an escape is never shorter than what it stands for
        _unescaped.Reserve((nuint)json.ValueSpan.Length);
        return new(_unescaped.Address, json.CopyString(new Span<byte>(_unescaped.Address, json.ValueSpan.Length)));
    }

    private readonly Tensor? Decode(DType dtype, Shape shape)
    {
        var text = _text;
        var length = shape.Count * dtype.Size();
        if (text.Length % 4 != 0)
        {
            AddError(Data, $"expected base64 padded with = to a multiple of 4 characters, got {text.Length} characters");
            return null;
        }
        // whatever the text holds, it decodes to no more than this
        if (text.Length / 4 * 3 - Padding(text) != length)
        {
            AddError(Data, $"expected {length} bytes for the shape {shape} of {dtype.Name()}, got {text.Length / 4 * 3 - Padding(text)}");
            return null;
        }
        var bytes = new NativeBuffer((nuint)length, _allowance.Memory);
        if (TryDecode(text, bytes, (int)length) && AreElements(dtype, bytes, (int)length)) return ToTensor(dtype, shape, bytes);
        bytes.Dispose();
        return null;
    }

    private static unsafe Tensor ToTensor(DType dtype, Shape shape, NativeBuffer bytes) => new(dtype, shape, bytes)
    {
        IsFinite = FiniteScan.IsFinite(dtype, new(bytes.Address, (int)(shape.Count * dtype.Size()))),
    };

    private readonly unsafe bool TryDecode(ReadOnlySpan<byte> text, NativeBuffer bytes, int length)
    {
        // the framework's decoder skips white space, which then shows in the length
        if (Base64.DecodeFromUtf8(text, new(bytes.Address, length), out _, out var written) == OperationStatus.Done
            && written == length) return true;
        var bad = text[..^Padding(text)].IndexOfAnyExcept(Digits);
        AddError(Data, bad < 0 ? "the last digit before = has bits set beyond the last byte"
            : $"character {bad} is not a base64 digit (A to Z, a to z, 0 to 9, + and /)");
        return false;
    }

    private readonly unsafe bool AreElements(DType dtype, NativeBuffer bytes, int length)
    {
        if (dtype != DType.Bool) return true;
        var elements = new ReadOnlySpan<byte>(bytes.Address, length);
        var bad = elements.IndexOfAnyExceptInRange((byte)0, (byte)1);
        if (bad >= 0) AddError(Data, $"expected 0 or 1 in each byte of a bool, got {elements[bad]} in byte {bad}");
        return bad < 0;
    }

    private static int Padding(ReadOnlySpan<byte> text) => text.EndsWith("=="u8) ? 2 : text.EndsWith("="u8) ? 1 : 0;

    private readonly void AddError(string part, string detail) => _errors.Add(new(_field) { Part = part }, detail);
}
