using System.ComponentModel.DataAnnotations;

namespace LossService.Hosting.Settings;

/// <summary>The section <c>Cors</c>.</summary>
internal sealed record CorsSettings : IValidatableObject
{
    /// <summary>
    /// The origins whose web pages may call the service, separated by semicolons, such as <c>https://app.example.com</c>; <c>*</c> for
    /// all. By default none.
    /// </summary>
    public string? Origins { get; init; }

    /// <summary>Each origin.</summary>
    internal string[] Each => SettingList.Split(Origins);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Array.Find(Each, origin => origin != "*" && !IsOrigin(origin)) is { } wrong)
            yield return new($"has \"{wrong}\"; an origin is scheme and host, such as https://app.example.com, or *.", [nameof(Origins)]);
    }

    /// <summary>As a browser writes it: in lower case, without a path and without the port that the scheme has anyway.</summary>
    private static bool IsOrigin(string text) => Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps) && uri.GetLeftPart(UriPartial.Authority) == text;
}
