using System.Globalization;
using System.Text;

namespace LossService.Problems;

/// <summary>Text of the client in messages: a few characters of it, and none that cannot be seen.</summary>
public static class ClientText
{
    private const int MaxLength = 40;

    /// <summary>A text in quotes.</summary>
    public static string Quote(string text) => $"\"{Shorten(text)}\"";

    /// <summary>A text, cut where it is long.</summary>
    public static string Shorten(string text, int maxLength = MaxLength) => text.Length <= maxLength ? Escape(text)
        : string.Create(CultureInfo.InvariantCulture, $"{Escape(Cut(text, maxLength))}… ({text.Length} characters)");

    /// <summary>A name on the path to a member, cut where it is long.</summary>
    public static string ShortenName(string name) => name.Length <= MaxLength ? name : $"{Cut(name, MaxLength)}…";

    /// <summary>The first characters; no half of a pair.</summary>
    private static string Cut(string text, int length) => text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];

    /// <summary>Two names that look alike must not be quoted alike, so what cannot be seen is written as its code.</summary>
    private static string Escape(string text)
    {
        if (!text.Any(IsInvisible)) return text;
        var escaped = new StringBuilder();
        foreach (var c in text)
        {
            if (IsInvisible(c)) escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else escaped.Append(c);
        }
        return escaped.ToString();
    }

    private static bool IsInvisible(char c) => c != ' ' && CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator;
}
