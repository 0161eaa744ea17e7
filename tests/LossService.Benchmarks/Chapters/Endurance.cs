using System.Globalization;
using LossService.Benchmarks.Peers;
using LossService.Benchmarks.Racing;

namespace LossService.Benchmarks.Chapters;

/// <summary>
/// What 100 000 small requests leave behind in a process that has answered as many before: a service that keeps nothing of them
/// has the same memory afterwards. It is looked at earlier, too, to show the runtime settling, which a leak does not.
/// </summary>
internal static class Endurance
{
    /// <summary>The argument of this program that prints the managed heap after each look.</summary>
    public const string Verb = "endurance";

    /// <summary>After how many requests the memory is looked at.</summary>
    public static IReadOnlyList<int> Looks { get; } = [10_000, 50_000, 100_000, 200_000];

    private const int Connections = 4;

    /// <summary>The resident memory of a server process at each of the <see cref="Looks"/>, in bytes.</summary>
    public static double[] Resident(ServerKind kind)
    {
        using var server = Server.Start(kind);
        return Look(server.Port, server.Path, () => server.Memory.Resident);
    }

    /// <summary>What lives on the managed heap of <see cref="OwnService"/> at each of the <see cref="Looks"/>, asked of another
    /// process.</summary>
    public static double[] Heap()
    {
        var figures = Workshop.Run(Environment.ProcessPath!, [Verb]) ?? throw new InvalidOperationException("the heap was not measured");
        return Array.ConvertAll(figures.Split(' '), figure => double.Parse(figure, CultureInfo.InvariantCulture));
    }

    /// <summary>Writes the bytes that live on the managed heap to the console, a figure for each look.</summary>
    public static void Print()
    {
        using var first = OwnService.Start();
        var live = Look(OwnService.Port, "/v1/losses/cross_entropy", () => GC.GetTotalMemory(forceFullCollection: true));
        Console.WriteLine(string.Join(' ', live.Select(bytes => bytes.ToString(CultureInfo.InvariantCulture))));
    }

    private static double[] Look(int port, string path, Func<double> memory)
    {
        var batch = new DrawnBatch(32, 10);
        byte[][] messages = [.. new string[][] { ["loss"], ["loss"], ["loss"], ["loss", "gradient"] }
            .Select(outputs => HttpConnection.Message(path, batch.ToJson(outputs)))];
        var connections = Enumerable.Range(0, Connections).Select(_ => new HttpConnection(port)).ToArray();
        var seen = new List<double>();
        var posted = 0;
        foreach (var look in Looks)
        {
            Post(connections, messages, look - posted);
            posted = look;
            seen.Add(memory());
        }
        foreach (var connection in connections) connection.Dispose();
        return [.. seen];
    }

    private static void Post(HttpConnection[] connections, byte[][] messages, int requests) =>
        Parallel.ForEach(connections, new ParallelOptions { MaxDegreeOfParallelism = connections.Length }, connection =>
        {
            for (var i = 0; i < requests / connections.Length; i++) connection.Post(messages[i % messages.Length]);
        });
}
