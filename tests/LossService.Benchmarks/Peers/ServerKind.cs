using System.Net;
using System.Runtime.InteropServices;
using LossService.Benchmarks.Racing;

namespace LossService.Benchmarks.Peers;

/// <summary>How a service is started, and where it scores.</summary>
internal sealed record ServerKind(string Name, int Port, string Path, string Program, params string[] Arguments)
{
    private const string Http1 = "http://127.0.0.1:";

    /// <summary>The interpreter that has FastAPI and PyTorch: Debian's, or the one that <c>PYTHON</c> names.</summary>
    public static string Python { get; } = System.Environment.GetEnvironmentVariable("PYTHON")
        ?? (RuntimeInformation.IsOSPlatform(OSPlatform.Linux) ? "/usr/bin/python3" : "python3");

    /// <summary>Variables of its environment.</summary>
    public (string Name, string Value)[] Environment { get; init; } = [];

    /// <summary>The page that says whether it is ready; null where it is as soon as it scores.</summary>
    public string? Readiness { get; init; }

    /// <summary>Where it listens.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>
    /// This service as it is deployed: published, ReadyToRun. It may take bodies of 256 MB and logs warnings only, as the peers do.
    /// </summary>
    public static ServerKind LossService(string published) => new("LossService", 9501, "/v1/losses/cross_entropy", published)
    {
        Readiness = "/readyz",
        Environment =
        [
            ("WarmUp__Seconds", "10"),
            ("Kestrel__Endpoints__Http__Url", Http1 + "9501"),
            ("Kestrel__Endpoints__Grpc__Url", Http1 + "9502"),
            ("Limits__BodyBytes", "268435456"),
            ("Serilog__MinimumLevel__Default", "Warning"),
        ],
    };

    /// <summary>The idiomatic ASP.NET Core version of it: <see cref="IdiomaticServer"/>.</summary>
    public static ServerKind Idiomatic { get; } = new("ASP.NET Core, idiomatic", 9503, "/score", System.Environment.ProcessPath!,
        IdiomaticServer.Verb, Http1 + "9503")
    {
        Environment = [("DOTNET_gcServer", "1"), ("Logging__LogLevel__Default", "Warning")],
    };

    /// <summary>Endpoints on Kestrel that only drain or echo: <see cref="BareServer"/>.</summary>
    public static ServerKind Bare { get; } = new("bare Kestrel", 9506, "/score", System.Environment.ProcessPath!,
        BareServer.Verb, Http1 + "9506")
    {
        Environment = [("DOTNET_gcServer", "1"), ("Logging__LogLevel__Default", "Warning")],
    };

    /// <summary>FastAPI + PyTorch, ujson, no validation.</summary>
    public static ServerKind FastApiUjson { get; } = FastApi("FastAPI + ujson", 9504, "with_ujson");

    /// <summary>FastAPI + PyTorch, pydantic.</summary>
    public static ServerKind FastApiPydantic { get; } = FastApi("FastAPI + pydantic", 9505, "with_pydantic");

    /// <summary>With one process, as a container runs it; otherwise one for each of two cores.</summary>
    public ServerKind Single() => this with { Arguments = [.. Arguments.Select(argument => argument == "2" ? "1" : argument)] };

    /// <summary>The same at the other end of a <see cref="Link"/>.</summary>
    public ServerKind Inside()
    {
        var (program, arguments) = Link.Inside(Program, [.. Arguments.Select(Move)]);
        return this with
        {
            Program = program,
            Arguments = arguments,
            Address = Link.Address,
            Environment = [.. Environment.Select(variable => (variable.Name, Move(variable.Value)))],
        };

        static string Move(string text) => text.Replace("127.0.0.1", Link.Address.ToString(), StringComparison.Ordinal);
    }

    private static ServerKind FastApi(string name, int port, string app) => new(name, port, "/score", Python,
        "-m", "uvicorn", $"fastapi_scoring:{app}", "--app-dir", "Peers", "--host", "127.0.0.1", "--port", $"{port}", "--workers", "2",
        "--loop", "uvloop", "--http", "httptools", "--timeout-keep-alive", "600", "--no-access-log", "--log-level", "warning")
    {
        // a worker for each core: a second thread of PyTorch would only wait for a core that has work
        Environment = [("OMP_NUM_THREADS", "1")],
    };
}
