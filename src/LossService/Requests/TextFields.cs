using System.Text;
using System.Text.Json;
using LossService.Core.Options;
using LossService.Problems;

namespace LossService.Requests;

/// <summary>
/// Options and fields of the header that come as texts: parts of a form, parameters of a query, metadata. A text that is a JSON
/// number, list, true, false or null is read as that, any other as a word; several texts of one name are a list.
/// </summary>
internal static class TextFields
{
    /// <summary>Whether a request has an option or a field of the header of that name.</summary>
    public static bool Knows(string name, ScoreRequest request) => request.FindOption(name) is not null || request.Header.Contains(name);

    /// <summary>Reads what came under a name; a wrong value is added to the request's errors.</summary>
    public static void Read(string name, IReadOnlyList<string> texts, ScoreRequest request)
    {
        request.Posted.Add(name);
        var option = request.FindOption(name);
        if (!Knows(name, request))
            request.Errors.Add(new(name), RequestParser.DescribeUnknown(name, request));
        else if (texts.Count > 1 && !TakesList(name, option))
            request.Errors.Add(new(name), $"expected one value, got {texts.Count}");
        else ReadJson(name, option, ToJson(name, texts), request);
    }

    private static bool TakesList(string name, Option? option) => name == Fields.Outputs || option is Option<double[]?> or Option<long[]?>;

    private static void ReadJson(string name, Option? option, byte[] text, ScoreRequest request)
    {
        var json = new Utf8JsonReader(text);
        json.Read();
        try
        {
            if (option is null) RequestParser.TryReadField(name, ref json, request);
            else HeaderParser.ReadOption(option, ref json, request);
        }
        catch (InvalidOperationException)
        {
            request.Errors.Add(new(name), "a string in it has an unpaired surrogate");
        }
    }

    private static byte[] ToJson(string name, IReadOnlyList<string> texts)
    {
        string[] values = [.. texts.Select(text =>
            name != Fields.Id && IsValue(text, name == Fields.Losses) ? text.Trim() : JsonSerializer.Serialize(text, Problem.Json))];
        var isList = values.Length > 1 || (name == Fields.Outputs && !values[0].StartsWith('[') && values[0] != "null");
        return Encoding.UTF8.GetBytes(isList ? $"[{string.Join(',', values)}]" : values[0]);
    }

    /// <summary>Whether a text is a JSON value other than a string or, unless it is to be one, an object.</summary>
    private static bool IsValue(string text, bool isObject)
    {
        var json = new Utf8JsonReader(Encoding.UTF8.GetBytes(text));
        try
        {
            return json.Read() && json.TokenType != JsonTokenType.String
                && (isObject || json.TokenType != JsonTokenType.StartObject)
                && json.TrySkip() && !json.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
