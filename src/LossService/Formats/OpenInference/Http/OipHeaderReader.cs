using System.Text.Json;
using LossService.Core.Tensors;
using LossService.Formats.Json;
using LossService.Http;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.OpenInference.Http;

/// <summary>Reads the JSON of an infer request, which is the whole body or the part before the binary tensors.</summary>
/// <remarks>
/// The framework's reader decides what JSON is. Only arrays of numbers are read without it: it then reads an empty string in the
/// place of the array, and continues after the array. A field that is null is not given.
/// </remarks>
internal unsafe ref struct OipHeaderReader
{
    private static readonly string[] InputFields = ["name", "shape", "datatype", "parameters", "data"];
    private static readonly string[] OutputFields = ["name", "parameters"];

    private readonly OipRequest _request;
    private readonly OipBinaryTail _tail;
    private readonly byte* _start;
    private readonly byte* _end;
    private int _offset; // where the text of the framework's reader starts
    private Utf8JsonReader _json;

    /// <summary>A reader of the JSON from <paramref name="text"/> to <paramref name="end"/>, with 64 readable bytes after it.</summary>
    public OipHeaderReader(byte* text, byte* end, OipRequest request, OipBinaryTail tail)
    {
        _start = text;
        _end = end;
        (_request, _tail) = (request, tail);
        _json = new(new ReadOnlySpan<byte>(text, (int)(end - text)), JsonText.Strict);
    }

    /// <summary>Reads the whole text.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    /// <exception cref="InvalidOperationException">A string has an unpaired surrogate.</exception>
    public void Read()
    {
        _json.Read();
        if (_json.TokenType != JsonTokenType.StartObject) _request.Note("", "the request must be a JSON object");
        else ReadFields();
        _json.Skip();
        while (_json.Read()) { }
    }

    private void ReadFields()
    {
        var seen = new HashSet<string>();
        while (TryNextField(out var name))
        {
            if (IsNull) continue;
            var isKnown = name is "id" or "parameters" or "inputs" or "outputs";
            if (isKnown && !seen.Add(name)) _request.Note(name, $"duplicate field \"{name}\"");
            switch (name)
            {
                case "id": _request.Batch.Id = Text("id"); break;
                case "parameters": ReadParameters(); break;
                case "inputs": ReadList("inputs", (ref OipHeaderReader reader, int index) => reader.ReadInput(index)); break;
                case "outputs": ReadList("outputs", (ref OipHeaderReader reader, int index) => reader.ReadOutput(index)); break;
            }
            _json.Skip();
        }
        if (!seen.Contains("inputs")) _request.Note("", "the request has no inputs");
    }

    private void ReadParameters()
    {
        if (!IsObject("parameters")) return;
        var seen = new HashSet<string>();
        for (var index = 0; TryNextField(out var name); index++)
        {
            if (!_request.IsTooMany(index, Limits.Members, "parameters")) ReadParameter(name, seen);
            _json.Skip();
        }
    }

    private void ReadParameter(string name, HashSet<string> seen)
    {
        if (!seen.Add(name)) _request.Note("parameters", $"duplicate parameter {ClientText.Quote(name)}");
        if (name != "binary_data_output")
        {
            // a copy of the reader reads the value, so that this one can skip it whatever it is
            var value = _json;
            _request.SetParameter(name, ref value);
        }
        else if (!IsNull)
        {
            _request.WantsBinary = Flag("parameters/binary_data_output");
        }
    }

    private delegate void ElementReader(ref OipHeaderReader reader, int index);

    private void ReadList(string path, ElementReader read)
    {
        if (!Is(JsonTokenType.StartArray, path, "a list of objects")) return;
        for (var index = 0; _json.Read() && _json.TokenType != JsonTokenType.EndArray; index++)
        {
            if (!_request.IsTooMany(index, path == "inputs" ? Limits.Inputs : Limits.Members, path) && IsObject($"{path}/{index}"))
                read(ref this, index);
            _json.Skip();
        }
    }

    private readonly Limits Limits => _request.Batch.Allowance.Limits;

    private void ReadInput(int index)
    {
        var path = $"inputs/{index}";
        var (name, datatype, axes) = ((string?)null, (string?)null, (List<long>?)null);
        var (size, hasData) = ((long?)null, false);
        var (data, text) = ((Tensor?)null, default(Range));
        var seen = new HashSet<string>();
        for (var count = 0; TryNextField(out var field); count++)
        {
            if (_request.IsTooMany(count, Limits.Members, path)) field = "";
            else Check(field, seen, path, InputFields);
            if (IsNull) continue;
            switch (field)
            {
                case "name": name = Text($"{path}/name"); break;
                case "datatype": datatype = Text($"{path}/datatype"); break;
                case "shape": axes = ReadShape($"{path}/shape"); break;
                case "parameters": size = ReadSize($"{path}/parameters"); break;
                case "data" when !hasData:
                    (data, text) = ReadData(datatype);
                    hasData = !IsNull;
                    continue;
            }
            _json.Skip();
        }
        if (data is not null) _request.Own(data);
        foreach (var needed in InputFields[..3])
            if (!seen.Contains(needed))
                _request.Note(path, $"the input{(name is null ? "" : $" {ClientText.Quote(name)}")} has no {needed}");

        var input = name is null || datatype is null || axes is null ? null
            : _request.Declare(index, name, datatype, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(axes));
        if (size is not null && hasData)
            _request.Note(path, $"the input {ClientText.Quote(name ?? "")} has both data and binary_data_size");
        if (size is not null) _tail.Announce(index, name ?? "", input, size.Value);
        else if (!hasData) _request.Note(path, $"the input {ClientText.Quote(name ?? "")} has neither data nor binary_data_size");
        else if (input is not null) Take(input, data, new ReadOnlySpan<byte>(_start, (int)(_end - _start))[text]);
    }

    private readonly void Take(OipInput input, Tensor? data, ReadOnlySpan<byte> text)
    {
        if (data is not null && input.Field == TensorField.SampleWeight && WeightText.MayUnderflow(data, text)) data = null;
        data ??= OipDataReader.ReadExactly(input, text, _request);
        if (data is null) return;
        OipDataReader.CheckRange(input, data, _request);
        _request.Take(input, data);
    }

    /// <summary>Reads the data into a tensor where the datatype is known and the form usual; otherwise skips them.</summary>
    /// <returns>The tensor, if read, and where its text is.</returns>
    private (Tensor? Data, Range Text) ReadData(string? datatype)
    {
        var start = _offset + (int)_json.BytesConsumed;
        if (datatype is not null && OipDatatype.TryParse(datatype, out var dtype)
            && OipDataReader.TryReadFast(dtype, _start + start, _end, _request.Batch.Allowance.Memory) is var (data, length))
        {
            var state = _json.CurrentState;
            _json = new("\"\""u8, isFinalBlock: false, state);
            _json.Read();
            _offset = start + length;
            _json = new(new ReadOnlySpan<byte>(_start + _offset, (int)(_end - _start) - _offset), isFinalBlock: true, _json.CurrentState);
            return (data, start.._offset);
        }
        _json.Read();
        start = _offset + (int)_json.TokenStartIndex;
        _json.Skip();
        return (null, start..(_offset + (int)_json.BytesConsumed));
    }

    private List<long>? ReadShape(string path)
    {
        if (!Is(JsonTokenType.StartArray, path, "a list of integers")) return null;
        var before = _request.Errors.Total;
        List<long> axes = [];
        for (var i = 0; _json.Read() && _json.TokenType != JsonTokenType.EndArray; i++)
        {
            // one more than is allowed shows that there are too many
            if (i > JsonTensorReader.MaxRank) { }
            else if (_json.TokenType == JsonTokenType.Number && _json.TryGetInt64(out var axis)) axes.Add(axis);
            else _request.Errors.Add(new(path, i),
                $"expected an integer for an axis, got {JsonTexts.Describe(ref _json)}");
            _json.Skip();
        }
        return _request.Errors.Total == before ? axes : null;
    }

    private long? ReadSize(string path)
    {
        if (!IsObject(path)) return null;
        long? size = null;
        for (var count = 0; TryNextField(out var name); count++)
        {
            // content_type describes how the client encodes data of its own, and does not affect the numbers
            if (name == "binary_data_size" && IsNull) continue;
            if (name == "binary_data_size")
            {
                size = _json.TokenType == JsonTokenType.Number && _json.TryGetInt64(out var bytes) && bytes >= 0 ? bytes : 0;
                if (_json.TokenType != JsonTokenType.Number || size == 0 && !_json.ValueSpan.SequenceEqual("0"u8))
                    _request.Note($"{path}/{name}",
                        $"binary_data_size: expected a number of bytes, got {JsonTexts.Describe(ref _json)}");
            }
            else if (name != "content_type" && !_request.IsTooMany(count, Limits.Members, path))
            {
                _request.Note(path, $"an input has no parameter {ClientText.Quote(name)}{Nearest.Suggest(name, ["binary_data_size"])}");
            }
            _json.Skip();
        }
        return size;
    }

    private void ReadOutput(int index)
    {
        var path = $"outputs/{index}";
        string? name = null;
        bool? binary = null;
        var seen = new HashSet<string>();
        for (var count = 0; TryNextField(out var field); count++)
        {
            if (_request.IsTooMany(count, Limits.Members, path)) field = "";
            else Check(field, seen, path, OutputFields);
            if (IsNull) continue;
            if (field == "name") name = Text($"{path}/name");
            else if (field == "parameters") binary = ReadBinary($"{path}/parameters");
            _json.Skip();
        }
        if (name is not null) _request.Want(index, name, binary);
        else if (!seen.Contains("name")) _request.Note(path, "the output has no name");
    }

    private bool? ReadBinary(string path)
    {
        if (!IsObject(path)) return null;
        bool? binary = null;
        for (var count = 0; TryNextField(out var name); count++)
        {
            if (name == "binary_data" && IsNull) continue;
            if (name == "binary_data") binary = Flag($"{path}/{name}");
            else if (name != "content_type" && !_request.IsTooMany(count, Limits.Members, path))
                _request.Note(path, $"an output has no parameter {ClientText.Quote(name)}{Nearest.Suggest(name, ["binary_data"])}");
            _json.Skip();
        }
        return binary;
    }

    /// <summary>Moves to the value of the next field; to the end of the object where there is none.</summary>
    private bool TryNextField(out string name)
    {
        name = "";
        if (!_json.Read() || _json.TokenType != JsonTokenType.PropertyName) return false;
        if (!JsonTexts.TryRead(ref _json, Limits.NameBytes, out name)) name = $"a name of {_json.ValueSpan.Length} bytes";
        // data may be read without the framework's reader, which must then still be before the value
        if (name != "data") _json.Read();
        return true;
    }

    private readonly void Check(string field, HashSet<string> seen, string path, string[] known)
    {
        if (!known.Contains(field)) _request.Note(path, $"unknown field {ClientText.Quote(field)}{Nearest.Suggest(field, known)}");
        else if (!IsNull && !seen.Add(field)) _request.Note(path, $"duplicate field \"{field}\"");
    }

    /// <summary>Whether the value is null. Data are read later, and are never null here.</summary>
    private readonly bool IsNull => _json.TokenType == JsonTokenType.Null;

    private string? Text(string path)
    {
        if (!Is(JsonTokenType.String, path, "a string")) return null;
        if (JsonTexts.TryRead(ref _json, Limits.NameBytes, out var text)) return text;
        _request.Note(path, $"{path}: expected at most {Limits.NameBytes} bytes, got {JsonTexts.Describe(ref _json)}");
        return null;
    }

    private bool Flag(string path)
    {
        if (_json.TokenType is JsonTokenType.True or JsonTokenType.False) return _json.GetBoolean();
        return Is(JsonTokenType.True, path, "a boolean");
    }

    private bool IsObject(string path) => Is(JsonTokenType.StartObject, path, "an object");

    private bool Is(JsonTokenType expected, string path, string what)
    {
        if (_json.TokenType == expected) return true;
        _request.Note(path, $"{path}: expected {what}, got {JsonTexts.Describe(ref _json)}");
        return false;
    }
}
