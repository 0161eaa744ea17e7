using System.Globalization;
using System.Text;
using LossService.Http;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.Json;

/// <summary>Addresses in a JSON body: JSON Pointers (RFC 6901) in their form as URI fragments.</summary>
internal static class JsonAddress
{
    /// <summary><c>#/labels/17</c>.</summary>
    public static string Of(Address address)
    {
        if (address.Member.Length == 0) return "#";
        var pointer = new StringBuilder("#/").Append(Escape(address.Member));
        if (address.Part is { } part) pointer.Append('/').Append(Escape(part));
        foreach (var index in address.Position) pointer.Append('/').Append(index.ToString(CultureInfo.InvariantCulture));
        return pointer.ToString();
    }

    /// <summary>The problem that a request's findings are.</summary>
    public static Problem ToProblem(ScoreRequest request, Limits limits) => ProblemTypes.InvalidBatch(
        [.. request.Errors.First.Take(limits.ListedErrors).Select(finding => ToError(finding, request))],
        request.Errors.Total);

    /// <summary>An element of a tensor that came as bytes has a position, but no text to point at: that of all of them must do.</summary>
    private static ProblemError ToError(RequestError finding, ScoreRequest request)
    {
        var (address, detail) = finding;
        return address.Position.Length > 0 && address.Part is null && Fields.TryFindTensor(address.Member, out var tensor) && request.IsEncoded(tensor)
            ? new(Of(new(address.Member) { Part = Base64Tensor.Data }), $"[{string.Join(", ", address.Position)}]: {detail}")
            : new(Of(address), detail);
    }

    private static string Escape(string name) =>
        Uri.EscapeDataString(name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
}
