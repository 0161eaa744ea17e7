using System.Text.RegularExpressions;

namespace LossService.OpenApi;

/// <summary>Texts that the source wraps to its own width.</summary>
internal static partial class Prose
{
    /// <summary>Joins the lines of each paragraph; an empty line still parts paragraphs.</summary>
    public static string Unwrap(string text) => SingleBreak().Replace(text.Trim(), " ");

    [GeneratedRegex(@"(?<!\n)\n(?!\n)")]
    private static partial Regex SingleBreak();
}
