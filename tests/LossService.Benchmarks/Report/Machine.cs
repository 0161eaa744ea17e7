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
        - {DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}, load average {load} before the run
        - {Field("/proc/cpuinfo", "model name")}, {Environment.ProcessorCount} cores, vectors of {(Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128)} bits, {Quantity.Bytes(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)} of memory
        - {Field("/etc/os-release", "PRETTY_NAME").Trim('"')}, Linux {Environment.OSVersion.Version}, {RuntimeInformation.FrameworkDescription}
        - {Versions()}
        """;

    /// <summary>The machine's load now: of 1, 5 and 15 minutes.</summary>
    public static string Load() => string.Join(", ", File.ReadAllText("/proc/loadavg").Split(' ')[..3]);

    private static string Field(string file, string name) =>
        File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':', '=')[1].Trim() ?? "unknown";

    private static string Versions()
    {
        const string script = """
            import platform, re, torch, fastapi, uvicorn, pydantic, ujson
            lanes = re.search("CPU capability usage: (.*)", torch.__config__.show()).group(1)
            print(f"Python {platform.python_version()}, PyTorch {torch.__version__} ({lanes}, {torch.get_num_threads()} threads), FastAPI {fastapi.__version__}, "
                  f"uvicorn {uvicorn.__version__}, pydantic {pydantic.VERSION} ({'' if pydantic.compiled else 'not '}compiled), ujson {ujson.__version__}")
            """;
        using var python = Process.Start(new ProcessStartInfo(ServerKind.Python, ["-c", script]) { RedirectStandardOutput = true })!;
        return python.StandardOutput.ReadToEnd().Trim();
    }
}
