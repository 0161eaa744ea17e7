using System.Globalization;
using System.Net.Sockets;
using LossService.Benchmarks.Racing;

namespace LossService.Benchmarks.Chapters;

/// <summary>
/// Runs this service inside this process, on a real Kestrel, where the garbage collector can be asked what a request allocates;
/// what the client's thread allocates is taken off.
/// </summary>
internal static class Allocation
{
    /// <summary>The argument of this program that prints the figure.</summary>
    public const string Verb = "allocation";

    private const int Port = 9506;
    private const int Requests = 10_000;

    /// <summary>Writes the bytes of a request to the console.</summary>
    public static void Print()
    {
        var host = new Thread(() => typeof(Scoring).Assembly.EntryPoint!.Invoke(null,
            [new[]
            {
                "--contentRoot", AppContext.BaseDirectory, "--Kestrel:Endpoints:Http:Url", $"http://127.0.0.1:{Port}",
                "--Kestrel:Endpoints:Grpc:Url", $"http://127.0.0.1:{Port + 1}", "--Serilog:MinimumLevel:Default", "Warning",
            }]))
        { IsBackground = true };
        host.Start();

        using var http = Connect();
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

    private static HttpConnection Connect()
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return new(Port);
            }
            catch (SocketException) when (attempt < 1000)
            {
                Thread.Sleep(10);
            }
        }
    }
}
