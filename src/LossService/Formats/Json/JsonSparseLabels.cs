using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using LossService.Core.Options;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.Json;

/// <summary>
/// Labels that are sparse rows: <c>{"indices": [[4, 0]], "values": [[0.9, 0.1]]}</c>, or <c>log_values</c>, and <c>remainder</c>, which
/// may also stand among the options.
/// </summary>
internal static class JsonSparseLabels
{
    /// <summary>The most members that are read; there are four.</summary>
    private const int MaxMembers = 16;

    private const string Prefix = "label_";

    private static readonly ImmutableArray<TensorField> Tensors =
        [TensorField.LabelIndices, TensorField.LabelValues, TensorField.LabelLogValues];

    /// <summary>The name of a tensor's member; null where it is no part of sparse rows.</summary>
    public static string? FindName(TensorField field) => Tensors.Contains(field) ? Fields.GetName(field)[Prefix.Length..] : null;

    /// <summary>The tensor of a member.</summary>
    public static TensorField? FindTensor(ReadOnlySpan<byte> name)
    {
        foreach (var field in Tensors)
            if (Ascii.Equals(name, FindName(field))) return field;
        return null;
    }

    /// <summary>Whether the text of labels, known to be JSON, is an object that begins as sparse rows do.</summary>
    public static bool Are(ReadOnlySpan<byte> labels)
    {
        var json = new Utf8JsonReader(labels, JsonText.Strict);
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject || !json.Read()) return false;
        if (json.TokenType != JsonTokenType.PropertyName) return false;
        foreach (var field in Tensors)
            if (json.ValueTextEquals(FindName(field))) return true;
        return json.ValueTextEquals(SharedOptions.Remainder.Name);
    }

    /// <summary>Reads them into the tensors of the request, and what is wrong with them into its errors.</summary>
    public static void Read(ReadOnlySpan<byte> labels, ScoreRequest request)
    {
        var json = new Utf8JsonReader(labels, JsonText.Strict);
        HashSet<string> seen = [];
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (!JsonTexts.TryRead(ref json, request.Allowance.Limits.NameBytes, out var name) || seen.Count == MaxMembers)
            {
                request.Errors.Add(new(Fields.Labels), $"sparse labels have {ListNames()}, and no other member");
                return;
            }
            json.Read();
            var start = (int)json.TokenStartIndex;
            if (!seen.Add(name)) Add(name, $"duplicate field {ClientText.Quote(name)}", request);
            else if (name == SharedOptions.Remainder.Name) ReadRemainder(ref json, request);
            else if (FindTensor(Encoding.UTF8.GetBytes(name)) is { } field)
            {
                json.Skip();
                var value = labels[start..(int)json.BytesConsumed];
                if (!value.SequenceEqual("null"u8)) request[field] = JsonTensorReader.Read(field, value, request);
            }
            else Add(name, $"unknown field {ClientText.Quote(name)}; sparse labels have {ListNames()}", request);
            json.TrySkip();
        }
    }

    /// <summary>The pointer to a part of sparse rows, from the pointer to a tensor of that name.</summary>
    public static string Locate(string pointer) =>
        Tensors.Select(Fields.GetName).FirstOrDefault(name => pointer.StartsWith($"#/{name}", StringComparison.Ordinal)) is null
            ? pointer : $"#/{Fields.Labels}/{pointer[$"#/{Prefix}".Length..]}";

    /// <summary>An error in words that begin with the place, as the JSON has it: <c>labels.indices[1, 0]: …</c>.</summary>
    public static string Describe(string error) =>
        Tensors.Select(Fields.GetName).FirstOrDefault(name => error.StartsWith($"{name}[", StringComparison.Ordinal)) is null
            ? error : $"{Fields.Labels}.{error[Prefix.Length..]}";

    private static string ListNames() => $"{string.Join(", ", Tensors.Select(FindName))} and {SharedOptions.Remainder.Name}";

    private static void ReadRemainder(ref Utf8JsonReader json, ScoreRequest request)
    {
        var option = SharedOptions.Remainder;
        if (json.TokenType == JsonTokenType.Null) return;
        if (request.FindOption(option.Name) is null) Add(option.Name, RequestParser.DescribeUnknown(option.Name, request), request);
        else if (!request.Posted.Add(option.Name)) Add(option.Name, $"{option.Name} is given twice", request);
        else if (!(JsonTexts.TryRead(ref json, request.Allowance.Limits.NameBytes, out var word) && request.Options.TrySet(option, word)))
            Add(option.Name, $"expected {option.Accepts}, got {JsonTexts.Describe(ref json)}", request);
    }

    private static void Add(string part, string detail, ScoreRequest request) =>
        request.Errors.Add(new(Fields.Labels) { Part = part }, detail);
}
