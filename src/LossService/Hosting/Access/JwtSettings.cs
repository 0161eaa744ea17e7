using System.ComponentModel.DataAnnotations;

namespace LossService.Hosting.Access;

/// <summary>The section of the identity provider, whose JSON Web Tokens are taken.</summary>
internal sealed record JwtSettings : IValidatableObject
{
    /// <summary>
    /// The issuer's address, from which its keys are read (<c>/.well-known/openid-configuration</c>); HTTPS, but for this machine's.
    /// </summary>
    public string? Authority { get; init; }

    /// <summary>The audience that a token must have.</summary>
    public string? Audience { get; init; }

    /// <summary>Whether tokens are taken.</summary>
    internal bool IsOn => !string.IsNullOrEmpty(Authority);

    /// <summary>Whether the authority is on this machine.</summary>
    internal bool IsLoopback => new Uri(Authority!).IsLoopback;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (IsOn && !(Uri.TryCreate(Authority, UriKind.Absolute, out var uri)
            && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback))))
            yield return new("is not an address of HTTPS.", [nameof(Authority)]);
        if (IsOn == string.IsNullOrEmpty(Audience))
            yield return new("and Auth__Jwt__Authority go together: set both or neither.", [nameof(Audience)]);
    }
}
