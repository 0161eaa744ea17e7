using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using LossService.Core.Tensors;
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

    private const string DTypeName = "dtype";
    private const string ShapeName = "shape";

    private static readonly SearchValues<byte> Digits =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8);

    private readonly string _member;
    private readonly RequestErrors _findings;
    private readonly NativeBuffer _unescaped;
    private DType? _dtype;
    private Shape? _shape;
    private ReadOnlySpan<byte> _text;

    private Base64Tensor(string member, RequestErrors findings, NativeBuffer unescaped) =>
        (_member, _findings, _unescaped) = (member, findings, unescaped);

    /// <summary>Reads a member's value, an object.</summary>
    /// <param name="member">Its name.</param>
    /// <param name="value">The text of the value, known to be JSON.</param>
    /// <param name="request">Takes the findings, and learns that the member came as bytes.</param>
    /// <returns>The tensor, or null where something did not fit.</returns>
    public static Tensor? Read(string member, ReadOnlySpan<byte> value, ScoreRequest request)
    {
        request.AddEncoded(member);
        var before = request.RequestErrors.Total;
        using var unescaped = new NativeBuffer();
        var read = new Base64Tensor(member, request.RequestErrors, unescaped);
        read.ReadMembers(value);
        return request.RequestErrors.Total == before ? read.Decode(read._dtype!.Value, read._shape!.Value) : null;
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

    private void ReadMembers(ReadOnlySpan<byte> value)
    {
        var json = new Utf8JsonReader(value, JsonText.Strict);
        var seen = new HashSet<string>();
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.GetString()!;
            json.Read();
            if (!seen.Add(name)) Note(name, $"the member \"{name}\" stands twice");
            else if (name == DTypeName) ReadDType(ref json);
            else if (name == ShapeName) ReadShape(ref json);
            else if (name == Data) ReadData(ref json);
            else Note(name, $"a tensor has no member \"{name}\"{Nearest.Suggest(name, [DTypeName, ShapeName, Data])}; it has dtype, shape and data");
            json.TrySkip();
        }
        foreach (var name in (ReadOnlySpan<string>)[DTypeName, ShapeName, Data])
            if (!seen.Contains(name)) _findings.Add(new(_member), $"the member \"{name}\" is missing: a tensor as an object has dtype, shape and data");
    }

    private void ReadDType(ref Utf8JsonReader json)
    {
        if (json.TokenType == JsonTokenType.String) _dtype = DTypes.Parse(json.GetString());
        if (_dtype is null) Note(DTypeName, $"there is no dtype {HeaderParser.Describe(ref json)}; there are {string.Join(", ", Enum.GetValues<DType>().Select(dtype => dtype.Name()))}");
    }

    private void ReadShape(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.StartArray)
        {
            Note(ShapeName, $"shape is a list of integers, not {HeaderParser.Describe(ref json)}");
            return;
        }
        List<int> axes = [];
        var before = _findings.Total;
        for (var i = 0; json.Read() && json.TokenType != JsonTokenType.EndArray; i++)
        {
            if (json.TokenType == JsonTokenType.Number && json.TryGetInt32(out var axis) && axis >= 0) axes.Add(axis);
            else _findings.Add(new(_member, i) { Part = ShapeName }, $"the length of an axis is an integer from 0 to {int.MaxValue}, not {HeaderParser.Describe(ref json)}");
            json.TrySkip();
        }
        if (_findings.Total > before) return;
        if (axes.Count > JsonTensorReader.MaxRank) Note(ShapeName, $"{axes.Count} axes; a tensor has {JsonTensorReader.MaxRank} at most");
        else if (!IsCountable(axes)) Note(ShapeName, $"the shape [{string.Join(", ", axes)}] has more than 2^60 elements");
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
        if (json.TokenType != JsonTokenType.String) Note(Data, $"data is a string of base64, not {HeaderParser.Describe(ref json)}");
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
            Note(Data, $"{text.Length} characters: base64 comes in groups of four, the last one filled up with =");
            return null;
        }
        // whatever the text holds, it decodes to no more than this
        if (text.Length / 4 * 3 - Padding(text) != length)
        {
            Note(Data, $"{text.Length / 4 * 3 - Padding(text)} bytes, but {shape} elements of {dtype.Name()} are {length}");
            return null;
        }
        var bytes = new NativeBuffer((nuint)length);
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
        if (Base64.DecodeFromUtf8(text, new(bytes.Address, length), out _, out var written) == OperationStatus.Done && written == length) return true;
        var bad = text[..^Padding(text)].IndexOfAnyExcept(Digits);
        Note(Data, bad < 0 ? "the last digit before the = has bits set beyond the last byte" : $"character {bad} is no base64 digit: A to Z, a to z, 0 to 9, + and /");
        return false;
    }

    private readonly unsafe bool AreElements(DType dtype, NativeBuffer bytes, int length)
    {
        if (dtype != DType.Bool) return true;
        var elements = new ReadOnlySpan<byte>(bytes.Address, length);
        var bad = elements.IndexOfAnyExceptInRange((byte)0, (byte)1);
        if (bad >= 0) Note(Data, $"byte {bad} is {elements[bad]}; a bool is 0 or 1");
        return bad < 0;
    }

    private static int Padding(ReadOnlySpan<byte> text) => text.EndsWith("=="u8) ? 2 : text.EndsWith("="u8) ? 1 : 0;

    private readonly void Note(string part, string detail) => _findings.Add(new(_member) { Part = part }, detail);
}
