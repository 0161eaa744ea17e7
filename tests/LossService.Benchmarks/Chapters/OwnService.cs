using System.Net.Sockets;
using LossService.Benchmarks.Racing;
using LossService.Requests;

namespace LossService.Benchmarks.Chapters;

/// <summary>This service inside this process, on a real Kestrel, where the garbage collector can be asked what it knows.</summary>
internal static class OwnService
{
    /// <summary>Where it listens.</summary>
    public const int Port = 9506;

    /// <summary>Starts it; it ends with the process.</summary>
    /// <returns>A first connection.</returns>
    public static HttpConnection Start()
    {
        var host = new Thread(() => typeof(Scoring).Assembly.EntryPoint!.Invoke(null,
            [new[]
            {
                "--contentRoot", AppContext.BaseDirectory, "--Kestrel:Endpoints:Http:Url", $"http://127.0.0.1:{Port}",
                "--Kestrel:Endpoints:Grpc:Url", $"http://127.0.0.1:{Port + 1}", "--Serilog:MinimumLevel:Default", "Warning",
            }]))
        { IsBackground = true };
        host.Start();
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
