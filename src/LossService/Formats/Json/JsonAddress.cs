using System.Globalization;
using System.Text;
using LossService.Problems;

namespace LossService.Formats.Json;

/// <summary>Addresses in a JSON body: JSON Pointers (RFC 6901) in their form as URI fragments.</summary>
internal static class JsonAddress
{
    /// <summary><c>#/labels/17</c>.</summary>
    public static string Of(Address address)
    {
        if (address.Member.Length == 0) return "#";
        var pointer = new StringBuilder("#/");
        pointer.Append(Uri.EscapeDataString(address.Member.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)));
        foreach (var index in address.Position) pointer.Append('/').Append(index.ToString(CultureInfo.InvariantCulture));
        return pointer.ToString();
    }

    /// <summary>The problem that a request's findings are.</summary>
    public static Problem ToProblem(Findings findings, Limits limits) => Problems.Problems.InvalidBatch(
        [.. findings.First.Take(limits.ListedErrors).Select(finding => new ProblemError(Of(finding.Address), finding.Detail))],
        findings.Total);
}
