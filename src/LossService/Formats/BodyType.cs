using LossService.Core.Losses;
using LossService.Http;

namespace LossService.Formats;

/// <summary>A media type that a format reads or writes, and what the API document says of its bodies.</summary>
/// <param name="Name">Type and subtype.</param>
/// <param name="Content">What a body holds.</param>
internal sealed record BodyType(string Name, BodyContent Content) : MediaType(Name)
{
    /// <summary>The body in words, where no schema describes it.</summary>
    public string? Description { get; init; }

    /// <summary>An example of a text for a loss; null = none.</summary>
    public Func<Loss, string>? Example { get; init; }
}
