using System.Globalization;
using System.Text;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.Json;

/// <summary>JSON Pointers (RFC 6901) as URI fragments.</summary>
internal static class JsonPointer
{
    /// <summary>The pointer to an address: <c>#/labels/17</c>.</summary>
    public static string Format(Address address)
    {
        var pointer = new StringBuilder("#");
        if (address.Entry is { } entry) pointer.Append('/').Append(Fields.Losses).Append('/').Append(Escape(entry));
        if (address.Member.Length == 0) return pointer.ToString();
        pointer.Append('/').Append(Escape(address.Member));
        if (address.Part is { } part) pointer.Append('/').Append(Escape(part));
        foreach (var index in address.Position) pointer.Append('/').Append(index.ToString(CultureInfo.InvariantCulture));
        return pointer.ToString();
    }

    private static string Escape(string name) =>
        Uri.EscapeDataString(ClientText.ShortenName(name)
            .Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
}
