using System.Diagnostics;
using System.Globalization;

namespace LossService.Benchmarks.Racing;

/// <summary>
/// A program that times its own work: a line of standard input says what to do, the line it answers with begins with the seconds
/// that took and goes on with the result, so both sides can be held to the same one.
/// </summary>
internal sealed class Coprocess : IDisposable
{
    private readonly Process _process;

    /// <summary>Starts a program.</summary>
    public Coprocess(string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        _process = Process.Start(start)!;
    }

    /// <summary>Starts a program on the last processor: two processes that the system places may differ by half.</summary>
    public static Coprocess OnOneProcessor(string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var last = (Environment.ProcessorCount - 1).ToString(CultureInfo.InvariantCulture);
        return new("taskset", ["-c", last, program, .. arguments], environment);
    }

    /// <summary>Does the work of a line once.</summary>
    /// <exception cref="EndOfStreamException">The program has ended.</exception>
    public (double Seconds, double Result) Ask(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
        var answer = _process.StandardOutput.ReadLine()
            ?? throw new EndOfStreamException($"{_process.StartInfo.FileName} ended without an answer to \"{line}\"");
        var parts = answer.Split(' ');
        return (double.Parse(parts[0], CultureInfo.InvariantCulture), double.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    /// <summary>The contender that does this line's work again and again.</summary>
    public Contender On(string name, string line) => new(name, () => Ask(line).Seconds);

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
