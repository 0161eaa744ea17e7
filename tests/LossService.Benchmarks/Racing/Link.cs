using System.Diagnostics;
using System.Net;

namespace LossService.Benchmarks.Racing;

/// <summary>
/// A network of this machine with a rate: a pair of virtual devices, one of them in a namespace of its own. Linux, as root.
/// </summary>
internal sealed class Link : IDisposable
{
    private const string Name = "lossservice";

    /// <summary>Makes it.</summary>
    /// <param name="rate">The rate each way, in the words of tc: 8gbit.</param>
    /// <exception cref="InvalidOperationException">It cannot be made here.</exception>
    public Link(string rate)
    {
        Run("ip", "netns", "add", Name);
        try
        {
            Run("ip", "link", "add", Name + "0", "type", "veth", "peer", "name", Name + "1", "netns", Name);
            Run("ip", "addr", "add", "10.213.77.1/30", "dev", Name + "0");
            Run("ip", "link", "set", Name + "0", "up");
            Run("ip", "-n", Name, "addr", "add", Address + "/30", "dev", Name + "1");
            Run("ip", "-n", Name, "link", "set", Name + "1", "up");
            Run("ip", "-n", Name, "link", "set", "lo", "up");
            foreach (var side in new string[][] { ["tc"], ["ip", "netns", "exec", Name, "tc"] })
            {
                var device = Name + (side.Length == 1 ? "0" : "1");
                Run([.. side, "qdisc", "add", "dev", device, "root", "tbf", "rate", rate, "burst", "256kb", "latency", "50ms"]);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Where a program in the namespace listens.</summary>
    public static IPAddress Address { get; } = IPAddress.Parse("10.213.77.2");

    /// <summary>Runs a program in the namespace.</summary>
    public static (string Program, string[] Arguments) Inside(string program, string[] arguments) =>
        ("ip", ["netns", "exec", Name, program, .. arguments]);

    /// <inheritdoc/>
    public void Dispose()
    {
        // its devices go with it
        Run("ip", "netns", "del", Name);
    }

    private static void Run(params string[] command)
    {
        try
        {
            using var process = Process.Start(command[0], command[1..]);
            process.WaitForExit();
            if (process.ExitCode != 0) throw new InvalidOperationException($"{string.Join(' ', command)} failed");
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            throw new InvalidOperationException($"{command[0]} is not installed", missing);
        }
    }
}
