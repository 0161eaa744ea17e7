using System.Globalization;
using LossService.Benchmarks.Racing;

namespace LossService.Benchmarks.Chapters;

/// <summary>What a request allocates in <see cref="OwnService"/>; what the client's thread allocates is taken off.</summary>
internal static class Allocation
{
    /// <summary>The argument of this program that prints the figure.</summary>
    public const string Verb = "allocation";

    private const int Requests = 10_000;

    /// <summary>Writes the bytes of a request to the console.</summary>
    public static void Print()
    {
        using var http = OwnService.Start();
        var message = HttpConnection.Message("/v1/losses/cross_entropy", new DrawnBatch(32, 10).ToJson("loss"));
        Post(http, message);
        var (all, mine) = (GC.GetTotalAllocatedBytes(precise: true), GC.GetAllocatedBytesForCurrentThread());
        Post(http, message);
        all = GC.GetTotalAllocatedBytes(precise: true) - all;
        mine = GC.GetAllocatedBytesForCurrentThread() - mine;
        Console.WriteLine(((all - mine) / (double)Requests).ToString(CultureInfo.InvariantCulture));
    }

    private static void Post(HttpConnection http, byte[] message)
    {
        for (var i = 0; i < Requests; i++) http.Post(message);
    }
}
