using System.ComponentModel.DataAnnotations;

namespace LossService.Hosting.Access;

/// <summary>The section <c>Auth</c>. A key or an authority turns it on.</summary>
internal sealed record AuthSettings : IValidatableObject
{
    /// <summary>
    /// Whether a key or token is required; by default where one is set. True without any ends the start, so that a lost secret opens
    /// nothing; false says that the service is open on purpose.
    /// </summary>
    public bool? Required { get; init; }

    /// <summary>The keys, by a name that the operator chooses.</summary>
    public Dictionary<string, KeySettings> Keys { get; init; } = [];

    /// <summary>Tokens of an identity provider.</summary>
    public JwtSettings Jwt { get; init; } = new();

    /// <summary>Whether requests need a key or a token.</summary>
    internal bool IsOn => Keys.Count > 0 || Jwt.IsOn;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Required == true && !IsOn)
            yield return new(
                "is true, but there is neither a key nor an authority: set Auth__Keys__<name>__Sha256, or Auth__Jwt__Authority and "
                + "Auth__Jwt__Audience.", [nameof(Required)]);
        if (Required == false && IsOn)
            yield return new("is false, but a key or an authority is set: remove it, or Auth__Required.", [nameof(Required)]);
        foreach (var same in Keys.GroupBy(key => key.Value.Sha256, StringComparer.OrdinalIgnoreCase).Where(keys => keys.Count() > 1))
            yield return new($"has one key twice: {string.Join(", ", same.Select(key => key.Key))}.", [nameof(Keys)]);
    }
}
