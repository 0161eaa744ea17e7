using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using LossService.Benchmarks.Racing;

namespace LossService.Benchmarks.Peers;

/// <summary>A scoring service in a process of its own, from its start until it is disposed of.</summary>
internal sealed class Server : IDisposable
{
    private static readonly DrawnBatch Probe = new(32, 10);
    private readonly Process _process;
    private readonly ServerKind _kind;
    private bool _isEnded;

    private Server(ServerKind kind, Process process) => (_kind, _process) = (kind, process);

    /// <summary>Who it is.</summary>
    public string Name => _kind.Name;

    /// <summary>The route that scores.</summary>
    public string Path => _kind.Path;

    /// <summary>Where it listens.</summary>
    public IPAddress Address => _kind.Address;

    /// <summary>The port that it listens on.</summary>
    public int Port => _kind.Port;

    /// <summary>The memory of its process.</summary>
    public ProcessMemory Memory => new(_process.Id);

    /// <summary>The processor time that its process has used.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Starts a service and waits until it is ready and has scored a batch.</summary>
    /// <exception cref="InvalidOperationException">Someone else has the port, or it never answers.</exception>
    public static Server Start(ServerKind kind)
    {
        if (IsListening(kind)) throw new InvalidOperationException($"port {kind.Port} is taken; {kind.Name} needs it");
        var start = new ProcessStartInfo(kind.Program, kind.Arguments) { WorkingDirectory = AppContext.BaseDirectory };
        foreach (var (name, value) in kind.Environment) start.Environment[name] = value;
        var server = new Server(kind, Process.Start(start)!);
        AppDomain.CurrentDomain.ProcessExit += server.End;
        try
        {
            server.WaitUntilItScores();
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <summary>A JSON request for its scoring route.</summary>
    public byte[] Message(byte[] json) => HttpConnection.Message(_kind.Path, json);

    /// <summary>The loss that it answers a JSON body with.</summary>
    public double Loss(byte[] json)
    {
        using var connection = new HttpConnection(Address, Port);
        using var answer = new MemoryStream();
        connection.Post(Message(json), answer);
        return JsonDocument.Parse(answer.ToArray()).RootElement.GetProperty("loss").GetDouble();
    }

    /// <summary>Has every worker of it compile what it compiles: many small requests on many connections.</summary>
    public void WarmUp()
    {
        var message = Message(Probe.ToJson("loss", "gradient"));
        for (var connection = 0; connection < 40; connection++)
        {
            using var http = new HttpConnection(Address, Port);
            for (var request = 0; request < 50; request++) http.Post(message);
        }
    }

    /// <summary>Ends it, and whatever it started.</summary>
    public void Dispose() => End(null, EventArgs.Empty);

    // at the end of its use or of this program, whichever comes first
    private void End(object? sender, EventArgs e)
    {
        AppDomain.CurrentDomain.ProcessExit -= End;
        lock (_process)
        {
            if (_isEnded) return;
            _isEnded = true;
            if (_process.HasExited) Console.Error.WriteLine($"{Name} had ended by itself, with {_process.ExitCode}");
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
            _process.Dispose();
        }
    }

    private void WaitUntilItScores()
    {
        var json = Probe.ToJson("loss");
        var patience = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                if (_kind.Readiness is { } page) Get(page);
                Loss(json);
                return;
            }
            catch (Exception refused) when (refused is SocketException or HttpRequestException)
            {
                if (_process.HasExited || patience.Elapsed > TimeSpan.FromMinutes(1))
                    throw new InvalidOperationException($"{Name} does not score: {refused.Message}", refused);
                // who asks every millisecond whether the service is ready keeps it from warming up
                Thread.Sleep(_kind.Readiness is null ? 1 : 100);
            }
        }
    }

    private void Get(string page)
    {
        using var connection = new HttpConnection(Address, Port);
        connection.Post(Encoding.ASCII.GetBytes($"GET {page} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    }

    private static bool IsListening(ServerKind kind)
    {
        try
        {
            using var connection = new HttpConnection(kind.Address, kind.Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
