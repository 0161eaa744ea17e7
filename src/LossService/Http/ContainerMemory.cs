using System.Globalization;

namespace LossService.Http;

/// <summary>How much memory the container has; outside of one, how much the machine has.</summary>
internal static class ContainerMemory
{
    // version 2 of control groups, then version 1; the first pair as a container sees itself, the second from outside
    private static readonly string[] LimitFiles =
    [
        "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup{0}/memory.max", "/sys/fs/cgroup/memory{0}/memory.limit_in_bytes",
    ];

    /// <summary>The memory in bytes.</summary>
    public static long Bytes { get; } = Math.Min(FindLimit(FindGroup(Read("/proc/self/cgroup")), Read), FindPhysical());

    /// <summary>The smallest limit that any of the files of control groups has; <see cref="long.MaxValue"/> where none has one.</summary>
    /// <param name="group">The process's group, a path that begins with a slash.</param>
    /// <param name="read">The text of a file; null where there is none.</param>
    internal static long FindLimit(string group, Func<string, string?> read) => LimitFiles
        .Select(file => string.Format(CultureInfo.InvariantCulture, file, group.TrimEnd('/')))
        // "max" is no limit
        .Min(file => long.TryParse(read(file), CultureInfo.InvariantCulture, out var limit) ? limit : long.MaxValue);

    /// <summary>The memory group that a process is in, from the lines of its file: <c>4:memory:/a</c> or <c>0::/a</c>.</summary>
    internal static string FindGroup(string? lines) => (lines ?? "").Split('\n')
        .Select(line => line.Split(':', 3))
        .Where(parts => parts.Length == 3 && (parts[1].Split(',').Contains("memory") || parts[0] == "0"))
        .OrderByDescending(parts => parts[1].Length)
        .Select(parts => parts[2])
        .FirstOrDefault("/");

    private static long FindPhysical()
    {
        // the collector's own figure is that of its limit, where one is set
        const string Total = "MemTotal:";
        var line = Read("/proc/meminfo")?.Split('\n').FirstOrDefault(line => line.StartsWith(Total, StringComparison.Ordinal));
        return line is null ? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes
            : 1024 * long.Parse(line[Total.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }

    private static string? Read(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllText(file) : null;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
