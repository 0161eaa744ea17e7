namespace LossService.Telemetry;

/// <summary>The names of the phases, as clients and operators see them.</summary>
internal static class PhaseNames
{
    private static readonly string[] Names = [.. Enum.GetNames<Phase>().Select(name => name.ToLowerInvariant())];

    /// <summary>The name of a phase.</summary>
    public static string Get(Phase phase) => Names[(int)phase];
}
