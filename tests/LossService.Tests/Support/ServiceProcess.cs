using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace LossService.Tests.Support;

/// <summary>
/// The built service as a process of its own, on free loopback ports, because a runtime reads the switches of its instruction
/// sets only when it starts. Killed with whatever it started when disposed of.
/// </summary>
internal sealed class ServiceProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly HttpClient _client;
    private readonly ConcurrentQueue<string> _log = new();

    private ServiceProcess(Process process, Uri address, Uri grpcAddress)
    {
        _process = process;
        GrpcAddress = grpcAddress;
        _client = new() { BaseAddress = address, Timeout = Patience };
        process.OutputDataReceived += (_, line) => Log(line.Data);
        process.ErrorDataReceived += (_, line) => Log(line.Data);
    }

    /// <summary>Where it listens for gRPC.</summary>
    public Uri GrpcAddress { get; }

    /// <summary>What it has logged so far; old lines are kept, new ones are not once there are too many.</summary>
    public IEnumerable<string> Lines => _log;

    /// <summary>Starts the service and waits until it is ready.</summary>
    /// <param name="variables">Variables of its environment, each as <c>DOTNET_EnableAVX2=0</c>.</param>
    /// <param name="cancellation">Stops waiting.</param>
    public static async Task<ServiceProcess> StartAsync(IEnumerable<string> variables, CancellationToken cancellation)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort()}");
        var grpcAddress = new Uri($"http://127.0.0.1:{FreePort()}");
        var start = new ProcessStartInfo(Dotnet(), [Path.Combine(AppContext.BaseDirectory, "LossService.dll")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        // whoever runs the tests may have set these for themselves
        bool IsSwitch(string name) => name.StartsWith("DOTNET_Enable", StringComparison.OrdinalIgnoreCase);
        foreach (var name in start.Environment.Keys.Where(IsSwitch).ToArray()) start.Environment.Remove(name);
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        start.Environment["Kestrel__Endpoints__Http__Url"] = address.ToString();
        start.Environment["Kestrel__Endpoints__Grpc__Url"] = grpcAddress.ToString();
        start.Environment["Kestrel__Endpoints__Grpc__Protocols"] = "Http2";
        foreach (var variable in variables) start.Environment[variable.Split('=')[0]] = variable.Split('=', 2)[1];

        var service = new ServiceProcess(Process.Start(start)!, address, grpcAddress);
        try
        {
            service._process.BeginOutputReadLine();
            service._process.BeginErrorReadLine();
            await service.WaitUntilReadyAsync(cancellation);
            return service;
        }
        catch
        {
            service.Dispose();
            throw;
        }
    }

    /// <summary>Posts JSON; the answer's bytes, whatever its status.</summary>
    public async Task<byte[]> PostAsync(string path, byte[] body, CancellationToken cancellation)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await _client.PostAsync(new Uri(path, UriKind.Relative), content, cancellation);
        return await response.Content.ReadAsByteArrayAsync(cancellation);
    }

    /// <summary>Sends a request and reads the whole answer.</summary>
    public async Task<Answer> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using (request)
        {
            using var response = await _client.SendAsync(request, cancellation);
            var body = await response.Content.ReadAsByteArrayAsync(cancellation);
            return new((int)response.StatusCode, response.Headers, response.Content.Headers, body);
        }
    }

    /// <summary>Gets a page.</summary>
    public Task<byte[]> GetAsync(string path, CancellationToken cancellation) =>
        _client.GetByteArrayAsync(new Uri(path, UriKind.Relative), cancellation);

    /// <inheritdoc/>
    public void Dispose()
    {
        _client.Dispose();
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private async Task WaitUntilReadyAsync(CancellationToken cancellation)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var response = await _client.GetAsync(new Uri("/readyz", UriKind.Relative), cancellation);
                if (response.IsSuccessStatusCode) return;
            }
            catch (HttpRequestException) when (!_process.HasExited && waited.Elapsed < Patience)
            {
                // not listening yet
            }
            if (_process.HasExited || waited.Elapsed > Patience)
                throw new InvalidOperationException(
                    $"The service did not become ready on {_client.BaseAddress}. It said:\n{string.Join('\n', _log)}");
            await Task.Delay(50, cancellation);
        }
    }

    private void Log(string? line)
    {
        if (line is not null && _log.Count < 200) _log.Enqueue(line);
    }

    /// <summary>The command that runs this very runtime: three folders above its libraries.</summary>
    private static string Dotnet() =>
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../..", OperatingSystem.IsWindows() ? "dotnet.exe"
            : "dotnet"));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
