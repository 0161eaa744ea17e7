using System.Reflection;

namespace LossService.Formats.OpenInference;

/// <summary>The service as a server of the protocol.</summary>
internal static class OipServer
{
    /// <summary>The server's name.</summary>
    public const string Name = "LossService";

    /// <summary>The server's version.</summary>
    public static string Version { get; } =
        typeof(OipServer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>The protocol's extensions that it supports.</summary>
    public static IReadOnlyList<string> Extensions { get; } = ["binary_tensor_data", "model_configuration", "statistics"];
}
