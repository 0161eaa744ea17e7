using System.Diagnostics;
using System.Runtime.InteropServices;
using LossService.Benchmarks.Peers;
using LossService.Benchmarks.Racing;

namespace LossService.Benchmarks.Chapters;

/// <summary>Where the measuring is done: how often, and a folder for what has to be built first.</summary>
internal sealed class Workshop : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("lossservice-benchmarks-");
    private readonly PosixSignalRegistration[] _signals;
    private string? _published;

    /// <summary>Opens it; what is started in it ends with this program, also by a signal.</summary>
    /// <param name="rounds">How often the sides of a comparison take turns.</param>
    public Workshop(int rounds)
    {
        Race = new(rounds, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1));
        // a signal alone ends the runtime without a word to ProcessExit, where the servers are ended
        _signals = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }
            .Select(signal => PosixSignalRegistration.Create(signal, End))];
        AppDomain.CurrentDomain.ProcessExit += DeleteFolder;
    }

    /// <summary>The folder of the solution.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>Turns of half a second after a second of warming up, which suits all that takes milliseconds.</summary>
    public Race Race { get; }

    /// <summary>
    /// This service, published as it is deployed: ReadyToRun, on the installed runtime. Published when first asked for, or the program that
    /// <c>LOSSSERVICE</c> names.
    /// </summary>
    public ServerKind LossService =>
        ServerKind.LossService(_published ??= Environment.GetEnvironmentVariable("LOSSSERVICE") ?? Publish());

    /// <summary>A path in the folder, which goes when the work is done.</summary>
    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>Writes a file into the folder.</summary>
    /// <returns>Its path.</returns>
    public string Write(string name, ReadOnlySpan<byte> bytes)
    {
        File.WriteAllBytes(PathOf(name), bytes);
        return PathOf(name);
    }

    /// <summary>Runs a program to its end.</summary>
    /// <returns>What it wrote, or null where it is not installed or failed.</returns>
    public static string? Run(string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, WorkingDirectory = AppContext.BaseDirectory };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        try
        {
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? output : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    /// <summary>Whether a program is on the path.</summary>
    public static bool IsInstalled(string program) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <inheritdoc/>
    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= DeleteFolder;
        DeleteFolder(null, EventArgs.Empty);
        foreach (var signal in _signals) signal.Dispose();
    }

    private void DeleteFolder(object? sender, EventArgs e) => _folder.Delete(recursive: true);

    private static void End(PosixSignalContext context)
    {
        Console.Error.WriteLine($"ended by {context.Signal}");
        Environment.Exit(1);
    }

    private string Publish()
    {
        Console.Error.WriteLine("publishing the service");
        // a lock file of its own, since the runtime that ReadyToRun compiles for would be added to the committed one
        return Run("dotnet",
            [
                "publish", Path.Combine(Repository, "src", "LossService"), "-c", "Release", "-v", "q", "--use-current-runtime",
                    "--self-contained", "false",
                "-p:PublishReadyToRun=true", "-p:NuGetLockFilePath=obj/published.lock.json", "--artifacts-path", PathOf("build"), "-o",
                    PathOf("published"),
            ]) is null
            ? throw new InvalidOperationException("dotnet publish failed")
            : PathOf("published/LossService");
    }

    private static string FindRepository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "LossService.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("run this inside the repository");
        return folder;
    }
}
