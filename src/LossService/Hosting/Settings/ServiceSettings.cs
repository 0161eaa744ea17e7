using LossService.Http;

namespace LossService.Hosting.Settings;

/// <summary>
/// Every setting of the service. The configuration has a section or a value for each property; what is not a property here ends
/// the start, see <see cref="SettingsReader"/>.
/// </summary>
internal sealed record ServiceSettings
{
    /// <summary>Compressed responses.</summary>
    public CompressionSettings Compression { get; init; } = new();

    /// <summary>Addresses and certificates. Kestrel reads them itself; they are here so that a misspelt name is noticed.</summary>
    public KestrelSettings Kestrel { get; init; } = new();

    /// <summary>Every limit.</summary>
    public Limits Limits { get; init; } = new();
}
