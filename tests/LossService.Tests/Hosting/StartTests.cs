using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Grpc.Health.V1;
using Grpc.Net.Client;
using LossService.Tests.Support;

namespace LossService.Tests.Hosting;

/// <summary>The program as a process: it starts from any folder, or says in one line why not, and can be stopped at once.</summary>
public sealed class StartTests
{
    public static TheoryData<string, string[]> Wrong => new()
    {
        { "Limits__BodyByte=5000", ["Limits__BodyByte=\"5000\" (in the environment) is not a setting; did you mean Limits__BodyBytes?"] },
        { "Limits__DrainSeconds=soon", ["Limits__DrainSeconds=\"soon\" (in the environment) is not a whole number from 0 to 300."] },
        { "Kestrel__Endpoints__Http__Url=nonsense", ["nonsense"] },
        { "Kestrel__Endpoints__Http__Urls=http://localhost:9000", ["did you mean Kestrel__Endpoints__Http__Url?"] },
        { "Kestrel__Endpoints__Https__Url=https://127.0.0.1:0", ["certificate"] },
        { "Kestrel__Certificates__Default__Path=/nowhere/service.pfx", ["/nowhere/service.pfx"] },
        { "Serilog__MinimumLevel__Default=Inormation", ["Inormation"] },
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Wrong))]
    public async Task Start_WithAWrongSetting_EndsWithOneLine(string setting, string[] words) =>
        AssertEnded(await ServiceProcess.RunAsync([setting], Cancellation), words);

    [Fact]
    public async Task Start_OnATakenPort_EndsWithOneLine()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var address = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";
        AssertEnded(await ServiceProcess.RunAsync([$"Kestrel__Endpoints__Http__Url={address}"], Cancellation),
            address, "Kestrel__Endpoints__Http__Url=http://localhost:");
    }

    /// <summary>The protocols of the ports are set in the file beside the program; the root has every folder below it.</summary>
    [Fact]
    public async Task Start_InTheRootFolder_ReadsItsOwnFileAndWatchesNothing()
    {
        using var service = await ServiceProcess.StartAsync([], folder: "/", Cancellation);
        using var channel = GrpcChannel.ForAddress(service.GrpcAddress);
        var health = await new Health.HealthClient(channel).CheckAsync(new(), cancellationToken: Cancellation);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, health.Status);
        if (OperatingSystem.IsLinux()) Assert.Empty(
            from file in Directory.EnumerateFiles($"/proc/{service.Process.Id}/fdinfo")
            from line in File.ReadLines(file)
            where line.StartsWith("inotify", StringComparison.Ordinal)
            select line);
    }

    [Theory]
    [InlineData("TERM", 143)]
    [InlineData("INT", 130)]
    public async Task Signal_TheSecond_EndsTheProcessAtOnce(string signal, int code)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signals");
        Assert.SkipWhen(
            signal == "INT" && IsInterruptIgnored(), "what a shell starts in the background ignores SIGINT, and so do its children");
        using var service = await ServiceProcess.StartAsync(["Limits__DrainSeconds=300"], AppContext.BaseDirectory, Cancellation);
        await SendAsync(signal, service.Process);
        await service.WaitUntilAsync("/readyz", HttpStatusCode.ServiceUnavailable, Cancellation);
        Assert.False(service.Process.HasExited);

        await SendAsync(signal, service.Process);
        await service.Process.WaitForExitAsync(Cancellation).WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        Assert.Equal(code, service.Process.ExitCode);
    }

    /// <summary>The second comes while the first is still told to those who wait for the stop.</summary>
    [Fact]
    public async Task Signal_TheSecondJustAfterTheFirst_EndsTheProcessAtOnce()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signals");
        using var service = await ServiceProcess.StartAsync(["Limits__DrainSeconds=300"], AppContext.BaseDirectory, Cancellation);
        await SendAsync("TERM", service.Process);
        await SendAsync("TERM", service.Process);
        await service.Process.WaitForExitAsync(Cancellation).WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        Assert.Equal(143, service.Process.ExitCode);
    }

    [Fact]
    public async Task Signal_Alone_EndsTheProcessWithoutAnError()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signals");
        using var service = await ServiceProcess.StartAsync([], AppContext.BaseDirectory, Cancellation);
        await SendAsync("TERM", service.Process);
        await service.Process.WaitForExitAsync(Cancellation).WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        Assert.Equal(0, service.Process.ExitCode);
    }

    private static bool IsInterruptIgnored() => File.Exists("/proc/self/status") && File.ReadLines("/proc/self/status")
        .Any(line => line.StartsWith("SigIgn:", StringComparison.Ordinal) && (Convert.ToUInt64(line[7..].Trim(), 16) & 2) != 0);

    private static async Task SendAsync(string signal, Process process)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        await kill.WaitForExitAsync(Cancellation);
    }

    private static void AssertEnded((int Code, string Output, string Errors) run, params string[] words)
    {
        Assert.Equal((1, ""), (run.Code, run.Output));
        var line = Assert.Single(run.Errors.TrimEnd('\n').Split('\n'));
        Assert.StartsWith("LossService did not start: ", line, StringComparison.Ordinal);
        Assert.All(words, word => Assert.Contains(word, line, StringComparison.Ordinal));
    }
}
