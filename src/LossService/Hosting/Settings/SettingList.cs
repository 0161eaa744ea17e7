namespace LossService.Hosting.Settings;

/// <summary>A setting that is a list, written with semicolons.</summary>
internal static class SettingList
{
    /// <summary>Its parts.</summary>
    public static string[] Split(string? list) =>
        (list ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
