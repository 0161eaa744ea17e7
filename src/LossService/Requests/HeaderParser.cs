using System.Globalization;
using System.Text.Json;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Problems;

namespace LossService.Requests;

/// <summary>Reads fields of the header and options from JSON. An option describes itself, so none is named here.</summary>
internal static class HeaderParser
{
    private static readonly HashSet<string> OptionNames =
        [.. LossCatalogue.All.SelectMany(loss => loss.Options).Select(option => option.Name)];

    /// <summary>Reads the value at <paramref name="json"/> as the header's field of that name; null = the field is not given.</summary>
    /// <returns>False where the header has no such field. A wrong value is added to the request's errors.</returns>
    public static bool TryReadField(string name, ref Utf8JsonReader json, ScoreRequest request)
    {
        if (!Fields.Header.Contains(name)) return false;
        if (json.TokenType == JsonTokenType.Null) return true;
        var errors = request.Errors;
        switch (name)
        {
            case Fields.Outputs: request.Outputs = ReadOutputs(ref json, request); return true;
            case Fields.Reduction: request.Reduction = ReadName(name, ref json, Fields.Reductions, request); return true;
            case Fields.MeanOver: request.MeanOver = ReadName(name, ref json, Fields.MeanOvers, request); return true;
            case Fields.Divisor:
                if (TryNumber(ref json, out var divisor)) request.Divisor = divisor;
                else errors.Add(new(name), $"expected a number above 0, got {JsonTexts.Describe(ref json)}");
                return true;
            case Fields.Unit: request.Unit = ReadName(name, ref json, Fields.Units, request); return true;
            case Fields.TensorEncoding: request.TensorEncoding = ReadName(name, ref json, Fields.TensorEncodings, request); return true;
            case Fields.DType:
                var isWord = JsonTexts.TryRead(ref json, NameBytes(request), out var word);
                SetDType(isWord ? word : null, JsonTexts.Describe(ref json), request);
                return true;
            case Fields.Id:
                if (JsonTexts.TryRead(ref json, NameBytes(request), out var id)) request.Id = id;
                else errors.Add(new(name), json.TokenType == JsonTokenType.String
                    ? $"expected at most {NameBytes(request)} bytes, got {JsonTexts.Describe(ref json)}"
                    : $"expected a string, got {JsonTexts.Describe(ref json)}");
                return true;
            default: return false;
        }
    }

    /// <summary>Sets the header's field of that name to a word, for formats whose parameters are typed.</summary>
    /// <inheritdoc cref="TryReadField"/>
    public static bool TrySetField(string name, string word, ScoreRequest request)
    {
        switch (name)
        {
            case Fields.Reduction: request.Reduction = ReadName(name, word, Fields.Reductions, request.Errors); return true;
            case Fields.MeanOver: request.MeanOver = ReadName(name, word, Fields.MeanOvers, request.Errors); return true;
            case Fields.Divisor:
                if (double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var divisor)) request.Divisor = divisor;
                else request.Errors.Add(new(name), $"expected a number above 0, got {ClientText.Quote(word)}");
                return true;
            case Fields.Unit: request.Unit = ReadName(name, word, Fields.Units, request.Errors); return true;
            case Fields.DType: SetDType(word, ClientText.Quote(word), request); return true;
            default: return false;
        }
    }

    /// <summary>
    /// Reads the value at <paramref name="json"/> as an option; null = it is not given. A wrong value is added to the request's errors.
    /// </summary>
    public static void ReadOption(Option option, ref Utf8JsonReader json, ScoreRequest request)
    {
        var isSet = json.TokenType switch
        {
            JsonTokenType.Null => true,
            JsonTokenType.True or JsonTokenType.False => request.Options.TrySet(option, json.GetBoolean()),
            JsonTokenType.String => JsonTexts.TryRead(ref json, NameBytes(request), out var word) && request.Options.TrySet(option, word),
            JsonTokenType.Number when TryInteger(ref json, out var integer) => request.Options.TrySet(option, integer),
            JsonTokenType.Number when TryNumber(ref json, out var number) =>
                !IsLost(option, number, ref json) && request.Options.TrySet(option, number),
            JsonTokenType.StartArray when option is Option<long[]?> list => ReadList(list, ref json, TryInteger, request),
            JsonTokenType.StartArray when option is Option<double[]?> list => ReadList(list, ref json, TryNumber, request),
            _ => false,
        };
        if (!isSet) request.Errors.Add(new(option.Name), $"expected {option.Accepts}, got {JsonTexts.Describe(ref json)}");
    }

    /// <summary>What to say of a field that a request for the loss does not have.</summary>
    public static string DescribeUnknown(string name, Loss loss) => DescribeUnknown(name, loss, Fields.GetNames(loss));

    /// <summary>What to say of a field that the loss does not have at a place where it has others.</summary>
    public static string DescribeUnknown(string name, Loss loss, IEnumerable<string> known)
    {
        if (OptionNames.Contains(name))
            return $"{name} is not an option of {loss.Name}; its options are "
                + $"{string.Join(", ", loss.Options.Select(option => option.Name))}";
        return ForeignWords.FindField(name, loss) is { } hint ? $"unknown field {ClientText.Quote(name)}; {hint}"
            : $"unknown field {ClientText.Quote(name)}{Nearest.Suggest(name, known)}";
    }

    private static OutputSet? ReadOutputs(ref Utf8JsonReader json, ScoreRequest request)
    {
        if (json.TokenType != JsonTokenType.StartArray)
        {
            request.Errors.Add(new(Fields.Outputs), $"expected a list of names, got {JsonTexts.Describe(ref json)}");
            return null;
        }
        var outputs = OutputSet.None;
        for (var i = 0; json.Read() && json.TokenType != JsonTokenType.EndArray; i++)
        {
            if (i == request.Allowance.Limits.Members)
            {
                // what is left of it is not read: each member has a reader of its own
                request.Errors.Add(new(Fields.Outputs), $"expected at most {i} names");
                return null;
            }
            if (JsonTexts.TryRead(ref json, NameBytes(request), out var name) && OutputCatalogue.Find(name) is { } output)
                outputs |= output.Flag;
            else AddUnknownOutput(i, name, ref json, request.Errors);
            json.TrySkip();
        }
        return outputs;
    }

    private static void AddUnknownOutput(int index, string name, ref Utf8JsonReader json, RequestErrors errors)
    {
        string[] names = [.. OutputCatalogue.All.Select(output => output.Name)];
        errors.Add(new(Fields.Outputs, index),
            $"unknown output {JsonTexts.Describe(ref json)}{Nearest.Suggest(name, names)}; expected one of {string.Join(", ", names)}");
    }

    private static int NameBytes(ScoreRequest request) => request.Allowance.Limits.NameBytes;

    private static T ReadName<T>(string name, ref Utf8JsonReader json, WireNames<T> names, ScoreRequest request) where T : struct, Enum
    {
        if (JsonTexts.TryRead(ref json, NameBytes(request), out var word) && names.TryFind(word, out var value)) return value;
        request.Errors.Add(new(name), DescribeChoice(names, JsonTexts.Describe(ref json), word));
        return default;
    }

    private static T ReadName<T>(string name, string word, WireNames<T> names, RequestErrors errors) where T : struct, Enum
    {
        if (names.TryFind(word, out var value)) return value;
        errors.Add(new(name), DescribeChoice(names, ClientText.Quote(word), word));
        return default;
    }

    private static string DescribeChoice<T>(WireNames<T> names, string got, string word) where T : struct, Enum =>
        $"expected {string.Join(" or ", names.All.Select(name => $"\"{name}\""))}, got {got}"
            + (names is WireNames<Reduction> && ForeignWords.FindWord(word) is { } hint ? $"; {hint}" : "");

    private static void SetDType(string? word, string got, ScoreRequest request)
    {
        if (DTypes.Parse(word) is (DType.Float32 or DType.Float64) and { } dtype) (request.DType, request.ResultDType) = (dtype, dtype);
        else request.Errors.Add(new(Fields.DType), $"expected \"float32\" or \"float64\", got {got}");
    }

    private delegate bool ElementReader<T>(ref Utf8JsonReader json, out T value);

    /// <returns>Whether the value was a list; what is wrong in it is added to the errors.</returns>
    private static bool ReadList<T>(Option<T[]?> option, ref Utf8JsonReader json, ElementReader<T> tryRead, ScoreRequest request)
    {
        List<T> list = [];
        var before = request.Errors.Total;
        var most = option.Form == OptionForm.Integers ? option.MaxCount : request.Allowance.Limits.Classes;
        for (var i = 0; json.Read() && json.TokenType != JsonTokenType.EndArray; i++)
        {
            if (i == most)
            {
                request.Errors.Add(new(option.Name), $"expected at most {most} numbers");
                return true;
            }
            if (tryRead(ref json, out var value) && !(value is double number && IsLost(option, number, ref json))) list.Add(value);
            else if (request.Errors.Count())
                request.Errors.Keep(new(option.Name, i), $"expected {option.Range}, got {JsonTexts.Describe(ref json)}");
            json.TrySkip();
        }
        if (request.Errors.Total == before) request.Options.Set(option, [.. list]);
        return true;
    }

    private static bool TryNumber(ref Utf8JsonReader json, out double value)
    {
        value = 0;
        return json.TokenType == JsonTokenType.Number
            && double.TryParse(json.ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
    }

    /// <summary>Whether a number that is too small for the option was rounded to 0, which the option takes.</summary>
    private static bool IsLost(Option option, double value, ref Utf8JsonReader json) =>
        value == 0 && option.MinimumAboveZero > 0 && WeightText.IsAboveZero(json.ValueSpan);

    private static bool TryInteger(ref Utf8JsonReader json, out long value)
    {
        value = 0;
        return json.TokenType == JsonTokenType.Number && json.TryGetInt64(out value);
    }
}
