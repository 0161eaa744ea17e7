using System.Text;
using System.Text.Json;
using LossService.Problems;

namespace LossService.Requests;

/// <summary>Strings and numbers of a client's JSON, which may be as long as the body.</summary>
internal static class JsonTexts
{
    /// <summary>The longest text that becomes a string to be quoted from.</summary>
    private const int MaxQuoted = 1024;

    /// <summary>Reads a name or a word.</summary>
    /// <param name="json">At a string or a member's name.</param>
    /// <param name="maxBytes">The most bytes that it may have in JSON; no name that is known has more.</param>
    /// <param name="text">The text; empty where there is none, or a longer one.</param>
    /// <returns>Whether there is such a text.</returns>
    public static bool TryRead(ref Utf8JsonReader json, int maxBytes, out string text)
    {
        var isText = json.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && json.ValueSpan.Length <= maxBytes;
        text = isText ? json.GetString()! : "";
        return isText;
    }

    /// <summary>What a value is, in words: its own text where it is short.</summary>
    public static string Describe(ref Utf8JsonReader json) => json.TokenType switch
    {
        JsonTokenType.StartArray => "an array",
        JsonTokenType.StartObject => "an object",
        JsonTokenType.String when json.ValueSpan.Length > MaxQuoted => $"a string of {json.ValueSpan.Length} bytes",
        JsonTokenType.String => ClientText.Quote(json.GetString()!),
        JsonTokenType.Number when json.ValueSpan.Length > MaxQuoted => $"a number of {json.ValueSpan.Length} bytes",
        JsonTokenType.Number => ClientText.Shorten(Encoding.UTF8.GetString(json.ValueSpan)),
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        _ => "null",
    };
}
