using System.ComponentModel.DataAnnotations;

namespace LossService.Hosting.Access;

/// <summary>The section of a key. The settings have its hash alone, so whoever reads them cannot use it.</summary>
internal sealed record KeySettings : IValidatableObject
{
    /// <summary>The hash of no bytes, which comes from a command that was given no key.</summary>
    private const string OfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// <summary>The SHA-256 of the key's UTF-8 bytes, as 64 hexadecimal digits. The key must be random, of 32 bytes or more.</summary>
    public string Sha256 { get; init; } = "";

    /// <summary>What the key is good for, separated by spaces: <c>score</c>, <c>metrics</c>.</summary>
    public string Scopes { get; init; } = Access.Scopes.Score;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Sha256.Length != 64 || !Sha256.All(char.IsAsciiHexDigit))
            yield return new("is not a SHA-256, which has 64 hexadecimal digits: printf %s \"$key\" | sha256sum", [nameof(Sha256)]);
        else if (Sha256.Equals(OfNothing, StringComparison.OrdinalIgnoreCase))
            yield return new("is the hash of an empty key.", [nameof(Sha256)]);
        var scopes = Access.Scopes.Split(Scopes);
        if (scopes.Length == 0 || !scopes.All(Access.Scopes.All.Contains))
            yield return new($"is not a list of {string.Join(" and ", Access.Scopes.All)}, separated by spaces.", [nameof(Scopes)]);
    }
}
