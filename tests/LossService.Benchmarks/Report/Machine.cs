using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Benchmarks.Peers;

namespace LossService.Benchmarks.Report;

/// <summary>What the figures were measured on.</summary>
internal static class Machine
{
    /// <summary>As a Markdown list.</summary>
    public static string Describe(string load) => $"""
        - {DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}, load average {load} before the run{Caution(load)}
        - {Field("/proc/cpuinfo", "model name")}, {Environment.ProcessorCount} cores, vectors of {(Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128)} bits, {Quantity.Bytes(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)} of memory
        - {Field("/etc/os-release", "PRETTY_NAME").Trim('"')}, Linux {Environment.OSVersion.Version}, {RuntimeInformation.FrameworkDescription}
        """;

    /// <summary>What a reader should know where others were at work.</summary>
    private static string Caution(string load) =>
        double.Parse(load.Split(',')[0], CultureInfo.InvariantCulture) < 0.5 ? ""
            : ": **the machine was busy, so this is a trial and no measurement**";

    /// <summary>The machine's load now: of 1, 5 and 15 minutes.</summary>
    public static string Load() => string.Join(", ", File.ReadAllText("/proc/loadavg").Split(' ')[..3]);

    private static string Field(string file, string name) =>
        File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':',
            '=')[1].Trim() ?? "unknown";

    /// <summary>What the peers that are no C# were: versions.</summary>
    public static string DescribePeers()
    {
        const string Script = """
            import platform, re, torch, fastapi, uvicorn, pydantic, ujson
            lanes = re.search("CPU capability usage: (.*)", torch.__config__.show()).group(1)
            print(f"Python {platform.python_version()}, PyTorch {torch.__version__} ({lanes}), FastAPI {fastapi.__version__}, "
                  f"uvicorn {uvicorn.__version__}, pydantic {pydantic.VERSION} ({'' if pydantic.compiled else 'not '}compiled), ujson {ujson.__version__}")
            """;
        using var python = Process.Start(new ProcessStartInfo(ServerKind.Python, ["-c", Script]) { RedirectStandardOutput = true })!;
        return python.StandardOutput.ReadToEnd().Trim();
    }
}
