using System.Globalization;
using System.Text;
using System.Text.Json;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Problems;

namespace LossService.Requests;

/// <summary>
/// Reads one member of the header, the same for every format: what to compute, how to reduce it, and the loss's own options,
/// which need no word here, since each describes itself.
/// </summary>
internal static class HeaderParser
{
    /// <summary>Reads the value at <paramref name="json"/> as the member <paramref name="name"/>.</summary>
    /// <returns>Whether there is such a member; what is wrong with its value is noted in the findings.</returns>
    public static bool TryRead(string name, ref Utf8JsonReader json, ScoreRequest request)
    {
        var findings = request.RequestErrors;
        switch (name)
        {
            case Fields.Outputs: request.Outputs = ReadOutputs(ref json, findings); return true;
            case Fields.Reduction: request.Reduction = ReadName(name, ref json, Fields.Reductions, findings); return true;
            case Fields.MeanOver: request.MeanOver = ReadName(name, ref json, Fields.MeanOvers, findings); return true;
            case Fields.Unit: request.Unit = ReadName(name, ref json, Fields.Units, findings); return true;
            case Fields.TensorEncoding: request.TensorEncoding = ReadName(name, ref json, Fields.TensorEncodings, findings); return true;
            case Fields.DType: request.DType = ReadDType(ref json, findings); return true;
            case Fields.Id:
                if (json.TokenType == JsonTokenType.String) request.Id = json.GetString();
                else findings.Add(new(name), $"id is a string, not {Describe(ref json)}");
                return true;
        }
        foreach (var option in request.Loss.Options)
        {
            if (option.Name != name) continue;
            ReadOption(option, ref json, request);
            return true;
        }
        return false;
    }

    /// <summary>What to say of a member that the loss does not have.</summary>
    public static string Unknown(string name, Loss loss)
    {
        if (LossCatalogue.All.SelectMany(other => other.Options).Any(option => option.Name == name))
        {
            var own = string.Join(", ", loss.Options.Select(option => option.Name));
            return $"{name} has no meaning for {loss.Name}; its options are {own}";
        }
        return $"there is no member \"{Shorten(name)}\"{Nearest.Suggest(name, Fields.For(loss))}";
    }

    private static OutputSet? ReadOutputs(ref Utf8JsonReader json, RequestErrors findings)
    {
        if (json.TokenType != JsonTokenType.StartArray)
        {
            findings.Add(new(Fields.Outputs), $"outputs is a list of names, not {Describe(ref json)}");
            return null;
        }
        OutputSet outputs = 0;
        for (var i = 0; json.Read() && json.TokenType != JsonTokenType.EndArray; i++)
        {
            if (json.TokenType == JsonTokenType.String && Fields.OutputNames.TryFind(json.GetString()!, out var output)) outputs |= output;
            else findings.Add(new(Fields.Outputs, i), $"there is no output {Describe(ref json)}{SuggestFor(ref json, Fields.OutputNames.All)}; there are {string.Join(", ", Fields.OutputNames.All)}");
            json.TrySkip();
        }
        return outputs;
    }

    private static T ReadName<T>(string name, ref Utf8JsonReader json, WireNames<T> names, RequestErrors findings) where T : struct, Enum
    {
        if (json.TokenType == JsonTokenType.String && names.TryFind(json.GetString()!, out var value)) return value;
        findings.Add(new(name), $"{name} is {OneOf(names.All)}, not {Describe(ref json)}");
        return default;
    }

    private static DType ReadDType(ref Utf8JsonReader json, RequestErrors findings)
    {
        if (json.TokenType == JsonTokenType.String)
        {
            if (json.ValueTextEquals("float32"u8)) return DType.Float32;
            if (json.ValueTextEquals("float64"u8)) return DType.Float64;
        }
        findings.Add(new(Fields.DType), $"dtype is \"float32\" or \"float64\", not {Describe(ref json)}");
        return DType.Float32;
    }

    private static void ReadOption(Option option, ref Utf8JsonReader json, ScoreRequest request)
    {
        if (json.TokenType == JsonTokenType.Null && option.Nullable)
        {
            request.Set(option, null);
            return;
        }
        var isList = json.TokenType == JsonTokenType.StartArray;
        object? value = option.Form switch
        {
            OptionForm.Choice when json.TokenType == JsonTokenType.String && option.Choices.Contains(json.GetString()!) => json.GetString(),
            OptionForm.Number when TryNumber(ref json, out var number) => number,
            OptionForm.Integer when TryInteger(ref json, out var integer) && integer is >= int.MinValue and <= int.MaxValue => (int)integer,
            OptionForm.Integers when TryInteger(ref json, out var integer) => new[] { integer },
            OptionForm.NumberOrPerClass when TryNumber(ref json, out var number) => new[] { number },
            OptionForm.Integers when isList => ReadList<long>(option, ref json, TryInteger, request.RequestErrors),
            OptionForm.PerClass or OptionForm.NumberOrPerClass when isList => ReadList<double>(option, ref json, TryNumber, request.RequestErrors),
            _ => null,
        };
        if (value is not null) request.Set(option, value);
        else if (!isList || option.Form is OptionForm.Number or OptionForm.Integer or OptionForm.Choice)
            request.RequestErrors.Add(new(option.Name), $"{option.Name} is {Describe(option)}, not {Describe(ref json)}");
    }

    private delegate bool ElementReader<T>(ref Utf8JsonReader json, out T value);

    private static T[]? ReadList<T>(Option option, ref Utf8JsonReader json, ElementReader<T> tryRead, RequestErrors findings)
    {
        List<T> list = [];
        var isGood = true;
        for (var i = 0; json.Read() && json.TokenType != JsonTokenType.EndArray; i++)
        {
            if (tryRead(ref json, out var value)) list.Add(value);
            else
            {
                findings.Add(new(option.Name, i), $"{option.Name} has {option.Range} in each place, not {Describe(ref json)}");
                isGood = false;
            }
            json.TrySkip();
        }
        return isGood ? [.. list] : null;
    }

    private static bool TryNumber(ref Utf8JsonReader json, out double value)
    {
        value = 0;
        return json.TokenType == JsonTokenType.Number
            && double.TryParse(json.ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
    }

    private static bool TryInteger(ref Utf8JsonReader json, out long value)
    {
        value = 0;
        return json.TokenType == JsonTokenType.Number && json.TryGetInt64(out value);
    }

    /// <summary>What an option is, in words.</summary>
    private static string Describe(Option option) => option.Form switch
    {
        OptionForm.Integers => $"{option.Range} or a list of such",
        OptionForm.PerClass => $"a list with {option.Range} for each class",
        OptionForm.NumberOrPerClass => $"{option.Range}, or a list with one for each class",
        _ => option.Range,
    } + (option.Nullable ? " or null" : "");

    /// <summary>What a value is, in words: its own text where it is short.</summary>
    public static string Describe(ref Utf8JsonReader json) => json.TokenType switch
    {
        JsonTokenType.StartArray => "an array",
        JsonTokenType.StartObject => "an object",
        JsonTokenType.String => $"the string \"{Shorten(json.GetString()!)}\"",
        JsonTokenType.Number => Shorten(Encoding.UTF8.GetString(json.ValueSpan)),
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        _ => "null",
    };

    private static string SuggestFor(ref Utf8JsonReader json, IEnumerable<string> known) =>
        json.TokenType == JsonTokenType.String ? Nearest.Suggest(json.GetString()!, known) : "";

    private static string OneOf(IEnumerable<string> names) => string.Join(" or ", names.Select(name => $"\"{name}\""));

    private static string Shorten(string text) => text.Length <= 40 ? text
        : string.Create(CultureInfo.InvariantCulture, $"{text[..40]}… ({text.Length} characters)");
}
