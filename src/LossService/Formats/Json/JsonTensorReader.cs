using System.Globalization;
using System.Numerics;
using System.Text.Json;
using LossService.Core.Options;
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

    /// <summary>How many tokens are read between two looks at the token of cancellation.</summary>
    private const int TokensBetweenLooks = 65536;

    private const NumberStyles Style = NumberStyles.Float;
    /// <summary>The longest string, in bytes, that a label's name is looked for in.</summary>
    private const int MaxLabelName = 1024;

    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    private readonly string _field;
    private readonly DType _dtype;
    private readonly RequestErrors _errors;
    private readonly List<int> _shape = [];
    private readonly List<int> _position = [];
    private readonly NativeBuffer _elements;
    private nuint _count;
    private int _rank = -1;
    private bool _takesBooleans;
    private bool _areWeights;
    private readonly CancellationToken _cancellation;
    private int _tokens;

    private JsonTensorReader(string field, DType dtype, NativeBuffer elements, ScoreRequest request)
    {
        _elements = elements;
        (_field, _dtype, _errors, _cancellation) = (field, dtype, request.Errors, request.Allowance.Cancellation);
    }

    /// <summary>Reads a tensor of the request.</summary>
    /// <param name="field">The field of the tensor.</param>
    /// <param name="value">The text of the value, known to be JSON.</param>
    /// <param name="request">Says how numbers are held; takes the errors.</param>
    /// <returns>The tensor, or null where something did not fit.</returns>
    /// <remarks>Labels are int64 where every one is written as an integer, as class indices and one-hot rows are.</remarks>
    public static Tensor? Read(TensorField field, ReadOnlySpan<byte> value, ScoreRequest request)
    {
        if (value.StartsWith("{"u8)) return Base64Tensor.Read(field, value, request);
        var takesBooleans = field == TensorField.Labels && request.TakesBooleanLabels;
        if (field == TensorField.LabelIndices && FindNonInteger(value, request.Allowance.Cancellation) is var (position, text))
        {
            request.Errors.Add(new(Fields.GetName(field), position), $"expected the index of a class, got {text}");
            return null;
        }
        var dtype = field switch
        {
            TensorField.Mask => DType.Bool,
            TensorField.LabelIndices => DType.Int64,
            TensorField.Labels when FindNonInteger(value, request.Allowance.Cancellation, takesBooleans) is null => DType.Int64,
            _ => request.DType,
        };
        return Read(Fields.GetName(field), value, dtype, request, takesBooleans, areWeights: field == TensorField.SampleWeight);
    }

    /// <summary>Reads a value as bool, int64 or uint64 (then <see cref="FindNonInteger"/> has found none), float32 or float64.</summary>
    /// <param name="field">The name of the tensor.</param>
    /// <param name="value">The text of the value.</param>
    /// <param name="dtype">How the elements are held.</param>
    /// <param name="request">Takes what does not fit.</param>
    /// <param name="takesBooleans">Whether true and false are the numbers 1 and 0.</param>
    /// <param name="areWeights">Whether a number that is rounded to 0 is an error.</param>
    public static Tensor? Read(
        string field, ReadOnlySpan<byte> value, DType dtype, ScoreRequest request, bool takesBooleans = false, bool areWeights = false)
    {
        var json = new Utf8JsonReader(value, JsonText.Strict);
        json.Read();
        var elements = new NativeBuffer(1024, request.Allowance.Memory);
        var before = request.Errors.Total;
        var reader = new JsonTensorReader(field, dtype, elements, request)
        {
            _takesBooleans = takesBooleans,
            _areWeights = areWeights,
        };
        Tensor? tensor = null;
        try
        {
            reader.ReadValue(ref json, 0);
            if (request.Errors.Total == before) tensor = new(dtype, new Shape([.. reader._shape]), elements);
            return tensor;
        }
        finally
        {
            if (tensor is null) elements.Dispose();
        }
    }

    /// <summary>The position of the first element that is not written as an integer that fits, and its text; null = none.</summary>
    /// <param name="value">The text of the value.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <param name="takesBooleans">Whether true and false are integers, too.</param>
    /// <param name="isUnsigned">Whether integers are from 0 to 2^64 − 1 rather than int64.</param>
    public static (int[] Position, string Text)? FindNonInteger(
        ReadOnlySpan<byte> value, CancellationToken cancellation, bool takesBooleans = false, bool isUnsigned = false)
    {
        var json = new Utf8JsonReader(value, JsonText.Strict);
        var position = new Stack<int>();
        for (var tokens = 1; json.Read(); tokens++)
        {
            if (tokens % TokensBetweenLooks == 0) cancellation.ThrowIfCancellationRequested();
            if (json.TokenType == JsonTokenType.StartArray)
            {
                position.Push(0);
                continue;
            }
            if (json.TokenType == JsonTokenType.EndArray) position.Pop();
            else if (!(takesBooleans && IsBoolean(ref json)) && !IsInteger(ref json, isUnsigned))
                return ([.. position.Reverse()], JsonTexts.Describe(ref json));
            if (position.TryPop(out var index)) position.Push(index + 1);
        }
        return null;
    }

    private static bool IsInteger(ref Utf8JsonReader json, bool isUnsigned) =>
        json.TokenType == JsonTokenType.Number && (isUnsigned ? json.TryGetUInt64(out _) : json.TryGetInt64(out _));

    private void ReadValue(ref Utf8JsonReader json, int depth)
    {
        if (++_tokens % TokensBetweenLooks == 0) _cancellation.ThrowIfCancellationRequested();
        if (json.TokenType == JsonTokenType.StartArray) ReadArray(ref json, depth);
        else ReadElement(ref json, depth);
    }

    private void ReadArray(ref Utf8JsonReader json, int depth)
    {
        if (depth == _rank || depth >= MaxRank)
        {
            if (_errors.Count())
                Keep(_rank < 0 ? $"expected at most {MaxRank} axes" : $"expected a {Element}, as at the same depth before, got an array");
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
        else if (_shape[depth] != length && _errors.Count())
            Keep($"expected {_shape[depth]} elements, as in the rows before, got {length}");
    }

    private void ReadElement(ref Utf8JsonReader json, int depth)
    {
        if (_rank == -1) _rank = depth;
        if (json.TokenType == JsonTokenType.StartObject)
        {
            if (_errors.Count()) Keep($"expected a {Element}, got an object");
            json.Skip();
        }
        else if (depth != _rank)
        {
            if (_errors.Count()) Keep($"expected an array, as at the same depth before, got a {Element}");
        }
        else if (_dtype == DType.Bool) ReadBool(ref json);
        else ReadNumber(ref json);
    }

    private static bool IsBoolean(ref Utf8JsonReader json) => json.TokenType is JsonTokenType.True or JsonTokenType.False;

    private void ReadBool(ref Utf8JsonReader json)
    {
        if (IsBoolean(ref json)) Add((byte)(json.GetBoolean() ? 1 : 0));
        else if (json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var bit) && (bit is 0 or 1)) Add((byte)bit);
        else if (_errors.Count()) Keep($"expected true or false, or 0 or 1, got {JsonTexts.Describe(ref json)}");
    }

    private void ReadNumber(ref Utf8JsonReader json)
    {
        if (_takesBooleans && IsBoolean(ref json)) AddBit(json.GetBoolean());
        else if (json.TokenType == JsonTokenType.String && TryNonFinite(ref json, out var special)) AddReal(special);
        else if (json.TokenType != JsonTokenType.Number)
        {
            if (_errors.Count()) Keep($"expected a number, got {JsonTexts.Describe(ref json)}{HintString(ref json)}");
        }
        else if (_dtype == DType.Int64) Add(json.GetInt64());
        else if (_dtype == DType.UInt64) Add(json.GetUInt64());
        else if (_dtype == DType.Float32 && float.TryParse(json.ValueSpan, Style, Culture, out var single) && float.IsFinite(single))
            AddRounded(single, ref json);
        else if (_dtype == DType.Float64 && double.TryParse(json.ValueSpan, Style, Culture, out var number) && double.IsFinite(number))
            AddRounded(number, ref json);
        else if (_errors.Count())
            Keep($"{JsonTexts.Describe(ref json)} is outside {_dtype.Name()}, whose largest number is {MaxNumber}");
    }

    private readonly string HintString(ref Utf8JsonReader json) => json.TokenType != JsonTokenType.String ? ""
        : IsName(ref json) ? "; labels are numbers such as class indices, not names"
        : "; only \"NaN\", \"Infinity\" and \"-Infinity\" have quotes";

    private readonly bool IsName(ref Utf8JsonReader json) =>
        _field == Fields.Labels && JsonTexts.TryRead(ref json, MaxLabelName, out var text) && text.Length > 0 && char.IsLetter(text[0])
            && !text.StartsWith("nan", StringComparison.OrdinalIgnoreCase) && !text.StartsWith("inf", StringComparison.OrdinalIgnoreCase);

    private readonly string MaxNumber => _dtype == DType.Float32 ? "3.4028235e38" : "1.7976931348623157e308";

    private readonly string MinNumber => _dtype == DType.Float32 ? "1.4e-45" : "4.9e-324";

    private static bool TryNonFinite(ref Utf8JsonReader json, out double value)
    {
        value = json.ValueTextEquals("NaN"u8) ? double.NaN
            : json.ValueTextEquals("Infinity"u8) ? double.PositiveInfinity
            : json.ValueTextEquals("-Infinity"u8) ? double.NegativeInfinity : 0;
        return value != 0;
    }

    private void AddBit(bool value)
    {
        if (_dtype == DType.Int64) Add(value ? 1L : 0L);
        else AddReal(value ? 1 : 0);
    }

    private void AddRounded<T>(T value, ref Utf8JsonReader json) where T : unmanaged, INumber<T>
    {
        if (!_areWeights || !T.IsZero(value) || !WeightText.IsAboveZero(json.ValueSpan)) Add(value);
        else if (_errors.Count())
            Keep($"{JsonTexts.Describe(ref json)} is 0 in {_dtype.Name()}, whose smallest number is {MinNumber}");
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

    private readonly void Keep(string detail) => _errors.Keep(new(_field, [.. _position]), detail);
}
