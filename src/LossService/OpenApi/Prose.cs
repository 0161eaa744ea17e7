using System.Text.RegularExpressions;

namespace LossService.OpenApi;

/// <summary>Texts that are wrapped in the source.</summary>
internal static partial class Prose
{
    /// <summary>Joins the lines of each paragraph. An empty line separates paragraphs.</summary>
    public static string Unwrap(string text) => SingleBreak().Replace(text.Trim(), " ");

    [GeneratedRegex(@"(?<!\n)\n(?!\n)")]
    private static partial Regex SingleBreak();
}
