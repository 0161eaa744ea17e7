using LossService.Benchmarks.Peers;

/// <summary>What the runtime calls before the main method of a program whose <c>DOTNET_STARTUP_HOOKS</c> names this assembly.</summary>
internal static class StartupHook
{
    /// <summary>The runtime finds it by this name.</summary>
    public static void Initialize() => MeterSwitch.Listen();
}
