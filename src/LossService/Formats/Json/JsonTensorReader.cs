using System.Globalization;
using System.Text.Json;
using LossService.Core.Tensors;
using LossService.Requests;

namespace LossService.Formats.Json;

/// <summary>
/// Reads a tensor member by the framework's reader, a token at a time: nested arrays, all of one length at each depth, with
/// numbers (or booleans, for a mask) in the innermost. Notes everything that does not fit, with its position, and reads on.
/// </summary>
internal ref struct JsonTensorReader
{
    /// <summary>The deepest tensor.</summary>
    public const int MaxRank = Numbers.NumberArrayReader.MaxRank;

    private readonly string _member;
    private readonly DType _dtype;
    private readonly RequestErrors _findings;
    private readonly List<int> _shape = [];
    private readonly List<int> _position = [];
    private readonly NativeBuffer _elements;
    private nuint _count;
    private int _rank = -1;

    private JsonTensorReader(string member, DType dtype, NativeBuffer elements, RequestErrors findings)
    {
        _elements = elements;
        (_member, _dtype, _findings) = (member, dtype, findings);
    }

    /// <summary>Reads a member's value.</summary>
    /// <param name="member">Its name.</param>
    /// <param name="value">The text of the value, known to be JSON.</param>
    /// <param name="request">Says how numbers are held; takes the findings.</param>
    /// <returns>The tensor, or null where something did not fit.</returns>
    /// <remarks>Labels are int64 where every one is written as an integer, as class indices and one-hot rows are.</remarks>
    public static Tensor? Read(string member, ReadOnlySpan<byte> value, ScoreRequest request)
    {
        if (value.StartsWith("{"u8)) return Base64Tensor.Read(member, value, request);
        if (member == Fields.Mask) return Read(member, value, DType.Bool, request.RequestErrors);
        if (member != Fields.Labels) return Read(member, value, request.DType, request.RequestErrors);
        return AreIntegers(value, request) ? Read(member, value, DType.Int64, request.RequestErrors)
            : Read(member, value, request.DType, request.RequestErrors);
    }

    /// <summary>Reads a value as the given dtype: bool, int64 (then all <see cref="AreIntegers"/>), float32 or float64.</summary>
    public static Tensor? Read(string member, ReadOnlySpan<byte> value, DType dtype, RequestErrors findings)
    {
        var json = new Utf8JsonReader(value, JsonText.Strict);
        json.Read();
        var elements = new NativeBuffer(1024);
        var before = findings.Total;
        var reader = new JsonTensorReader(member, dtype, elements, findings);
        reader.ReadValue(ref json, 0);
        if (findings.Total == before) return new Tensor(dtype, new Shape([.. reader._shape]), elements);
        elements.Dispose();
        return null;
    }

    /// <summary>Whether every number is written as an integer that fits; notes the first that is not.</summary>
    public static bool AreIntegers(ReadOnlySpan<byte> value, ScoreRequest request)
    {
        var json = new Utf8JsonReader(value, JsonText.Strict);
        var position = new Stack<int>();
        while (json.Read())
        {
            if (json.TokenType == JsonTokenType.StartArray)
            {
                position.Push(0);
                continue;
            }
            if (json.TokenType == JsonTokenType.EndArray)
            {
                position.Pop();
            }
            else if (json.TokenType != JsonTokenType.Number || !json.TryGetInt64(out _))
            {
                request.FirstRealLabel = new(new(Fields.Labels, [.. position.Reverse()]), HeaderParser.Describe(ref json));
                return false;
            }
            if (position.TryPop(out var index)) position.Push(index + 1);
        }
        return true;
    }

    private void ReadValue(ref Utf8JsonReader json, int depth)
    {
        if (json.TokenType == JsonTokenType.StartArray) ReadArray(ref json, depth);
        else ReadElement(ref json, depth);
    }

    private void ReadArray(ref Utf8JsonReader json, int depth)
    {
        if (depth == _rank || depth >= MaxRank)
        {
            Note($"an array where a {Element} belongs: the other {Element}s stand at depth {_rank}");
            json.Skip();
            return;
        }
        _position.Add(0);
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            ReadValue(ref json, depth + 1);
            _position[^1]++;
        }
        var length = _position[^1];
        _position.RemoveAt(depth);

        while (_shape.Count <= depth) _shape.Add(-1);
        if (_shape[depth] == -1) _shape[depth] = length;
        else if (_shape[depth] != length) Note($"{length} elements where the rows before have {_shape[depth]}");
    }

    private void ReadElement(ref Utf8JsonReader json, int depth)
    {
        if (_rank == -1) _rank = depth;
        if (json.TokenType == JsonTokenType.StartObject)
        {
            Note($"an object where a {Element} belongs");
            json.Skip();
        }
        else if (depth != _rank) Note($"a {Element} where an array belongs: the other {Element}s stand at depth {_rank}");
        else if (_dtype == DType.Bool) ReadBool(ref json);
        else ReadNumber(ref json);
    }

    private void ReadBool(ref Utf8JsonReader json)
    {
        if (json.TokenType is JsonTokenType.True or JsonTokenType.False) Add((byte)(json.TokenType == JsonTokenType.True ? 1 : 0));
        else Note($"{HeaderParser.Describe(ref json)} is no boolean: true keeps the sample, false leaves it out");
    }

    private void ReadNumber(ref Utf8JsonReader json)
    {
        if (json.TokenType == JsonTokenType.String && TryNonFinite(ref json, out var special)) AddReal(special);
        else if (json.TokenType == JsonTokenType.String) Note($"{HeaderParser.Describe(ref json)} is no number; numbers have no quotes, but for \"NaN\", \"Infinity\" and \"-Infinity\"");
        else if (json.TokenType != JsonTokenType.Number) Note($"{HeaderParser.Describe(ref json)} is no number");
        else if (_dtype == DType.Int64) Add(json.GetInt64());
        else if (_dtype == DType.Float32 && float.TryParse(json.ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out var single) && float.IsFinite(single)) Add(single);
        else if (_dtype == DType.Float64 && double.TryParse(json.ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)) Add(number);
        else Note($"{HeaderParser.Describe(ref json)} does not fit {_dtype.Name()}, whose largest number is {(_dtype == DType.Float32 ? "3.4028235e38" : "1.7976931348623157e308")}");
    }

    private static bool TryNonFinite(ref Utf8JsonReader json, out double value)
    {
        value = json.ValueTextEquals("NaN"u8) ? double.NaN
            : json.ValueTextEquals("Infinity"u8) ? double.PositiveInfinity
            : json.ValueTextEquals("-Infinity"u8) ? double.NegativeInfinity : 0;
        return value != 0;
    }

    private void AddReal(double value)
    {
        if (_dtype == DType.Float32) Add((float)value);
        else Add(value);
    }

    private unsafe void Add<T>(T value) where T : unmanaged
    {
        _elements.Reserve((_count + 1) * (nuint)sizeof(T));
        ((T*)_elements.Address)[_count++] = value;
    }

    private readonly string Element => _dtype == DType.Bool ? "boolean" : "number";

    private readonly void Note(string detail) => _findings.Add(new(_member, [.. _position]), detail);
}
