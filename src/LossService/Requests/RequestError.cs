using LossService.Problems;

namespace LossService.Requests;

/// <summary>One thing that is wrong with a request, in no format's terms yet.</summary>
/// <param name="Address">The place of the error.</param>
/// <param name="Detail">What is wrong there.</param>
public sealed record RequestError(Address Address, string Detail)
{
    /// <summary>Where and what: <c>labels[1]: class index 7 is outside 0..2</c>.</summary>
    public override string ToString()
    {
        var (member, position) = Address;
        var entry = Address.Entry is { } name ? $"{Fields.Losses}.{name}{(member.Length > 0 ? "." : "")}" : "";
        var place = entry + ClientText.ShortenName(member) + (Address.Part is { } part ? $".{ClientText.ShortenName(part)}" : "");
        if (position.Length > 0) return $"{place}[{string.Join(", ", position)}]: {Detail}";
        return Detail.Contains(place, StringComparison.Ordinal) ? Detail : $"{place}: {Detail}";
    }
}
