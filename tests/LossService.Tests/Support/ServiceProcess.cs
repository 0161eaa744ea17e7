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
    private const string HttpUrl = "Kestrel__Endpoints__Http__Url";
    private const string GrpcUrl = "Kestrel__Endpoints__Grpc__Url";

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

    /// <summary>Where the service speaks HTTP/1.1.</summary>
    public Uri Address => _client.BaseAddress!;

    /// <summary>Where the service speaks gRPC.</summary>
    public Uri GrpcAddress { get; }

    /// <summary>The first lines that it wrote.</summary>
    public IEnumerable<string> Lines => _log;

    /// <summary>The process.</summary>
    public Process Process => _process;

    /// <summary>Starts the service under some settings, each as <c>DOTNET_EnableAVX2=0</c>, and waits until it is ready.</summary>
    public static Task<ServiceProcess> StartAsync(IEnumerable<string> settings, CancellationToken cancellation) =>
        StartAsync(settings, AppContext.BaseDirectory, cancellation);

    /// <summary>Starts the service under some settings in a working directory with arguments, and waits until it is ready.</summary>
    public static async Task<ServiceProcess> StartAsync(
        IEnumerable<string> settings, string folder, CancellationToken cancellation, params string[] arguments)
    {
        var start = Prepare(settings, folder, arguments);
        var service = new ServiceProcess(
            Process.Start(start)!, new(start.Environment[HttpUrl]!), new(start.Environment[GrpcUrl]!));
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

    /// <summary>
    /// Runs the service under settings or with arguments with which it should end by itself: its exit code and all that it wrote.
    /// </summary>
    public static async Task<(int Code, string Output, string Errors)> RunAsync(
        IEnumerable<string> settings, CancellationToken cancellation, params string[] arguments)
    {
        using var process = Process.Start(Prepare(settings, AppContext.BaseDirectory, arguments))!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var errors = process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation).WaitAsync(Patience, cancellation);
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    private static ProcessStartInfo Prepare(IEnumerable<string> settings, string folder, string[] arguments)
    {
        var start = new ProcessStartInfo(Dotnet(), [Path.Combine(AppContext.BaseDirectory, "LossService.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        // whoever runs the tests may have set these for themselves
        bool IsSwitch(string name) => name.StartsWith("DOTNET_Enable", StringComparison.OrdinalIgnoreCase);
        foreach (var name in start.Environment.Keys.Where(IsSwitch).ToArray()) start.Environment.Remove(name);
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        // most tests end sooner than it would
        start.Environment["WarmUp__Seconds"] = "0";
        start.Environment[HttpUrl] = $"http://127.0.0.1:{FreePort()}";
        start.Environment[GrpcUrl] = $"http://127.0.0.1:{FreePort()}";
        foreach (var setting in settings) start.Environment[setting.Split('=', 2)[0]] = setting.Split('=', 2)[1];
        return start;
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

    private Task WaitUntilReadyAsync(CancellationToken cancellation) => WaitUntilAsync("/readyz", HttpStatusCode.OK, cancellation);

    /// <summary>Waits until a page has a status.</summary>
    public async Task WaitUntilAsync(string path, HttpStatusCode status, CancellationToken cancellation)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var response = await _client.GetAsync(new Uri(path, UriKind.Relative), cancellation);
                if (response.StatusCode == status) return;
            }
            catch (HttpRequestException) when (!_process.HasExited && waited.Elapsed < Patience)
            {
                // not listening yet
            }
            if (_process.HasExited || waited.Elapsed > Patience)
                throw new InvalidOperationException(
                    $"{path} of {_client.BaseAddress} was never {status}. The service said:\n{string.Join('\n', _log)}");
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

    /// <summary>A port on which nothing listens.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
