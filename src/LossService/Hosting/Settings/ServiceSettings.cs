using System.ComponentModel.DataAnnotations;
using LossService.Hosting.Access;
using LossService.Http;

namespace LossService.Hosting.Settings;

/// <summary>
/// Every setting of the service. The configuration has a section or a value for each property; a name that is not one of them
/// ends the start.
/// </summary>
internal sealed record ServiceSettings : IValidatableObject
{
    /// <summary>
    /// The host names under which the service answers, separated by semicolons; <c>*.example.com</c> and <c>*</c> are patterns. By
    /// default this machine's names where every endpoint listens on this machine alone, otherwise all.
    /// </summary>
    public string? AllowedHosts { get; init; }

    /// <summary>Who may use the service.</summary>
    public AuthSettings Auth { get; init; } = new();

    /// <summary>Compressed responses.</summary>
    public CompressionSettings Compression { get; init; } = new();

    /// <summary>Web pages of other origins.</summary>
    public CorsSettings Cors { get; init; } = new();

    /// <summary>Addresses and certificates. Kestrel reads them itself; they are here so that a misspelt name is noticed.</summary>
    public KestrelSettings Kestrel { get; init; } = new();

    /// <summary>Every limit.</summary>
    public Limits Limits { get; init; } = new();

    /// <summary>What is done between the start and the first request.</summary>
    public WarmUpSettings WarmUp { get; init; } = new();

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (SettingList.Split(AllowedHosts).FirstOrDefault(host => host.Contains('/') || host.Contains(' ')) is { } wrong)
            yield return new(
                $"has \"{wrong}\"; it is host names separated by semicolons, such as localhost;loss.example.com.", [nameof(AllowedHosts)]);
    }
}
